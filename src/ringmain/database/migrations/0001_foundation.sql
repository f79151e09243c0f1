-- Ids: milliseconds since 2024-01-01 in the upper 40 bits, a sequence in the lower 13. Time-ordered, below 2^53.
CREATE SEQUENCE id_sequence;

CREATE FUNCTION new_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1704067200000) << 13)
           | (nextval('id_sequence') & 8191)
$$;

CREATE FUNCTION id_at(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ((extract(epoch FROM moment) * 1000)::bigint - 1704067200000) << 13
$$;

-- Companies and people

CREATE TABLE companies (
    id bigint PRIMARY KEY DEFAULT new_id(),
    name text NOT NULL,
    key text UNIQUE,                            -- the name that `ringmain apply` knows it by
    country text NOT NULL DEFAULT 'US',         -- ISO 3166 alpha-2: how numbers without + are read
    timezone text NOT NULL DEFAULT 'UTC',
    profile jsonb NOT NULL DEFAULT '{}',        -- address, e-mails, website, ...: what dialects show, no logic reads it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE people (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    email text NOT NULL,
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    owner boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    timezone text,
    password_hash text,                         -- argon2id
    profile jsonb NOT NULL DEFAULT '{}',
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX people_email ON people (company_id, lower(email));
CREATE UNIQUE INDEX people_one_owner ON people (company_id) WHERE owner;

CREATE TABLE locations (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    name text NOT NULL,
    profile jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, name)
);

-- Credentials: only hashes are stored

CREATE TABLE api_keys (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    dialect text NOT NULL,                      -- ringplan, ringrx, ringotel, ringcentral
    name text NOT NULL,
    person_id bigint,                           -- whom it acts for, where the dialect binds keys to people
    token text NOT NULL UNIQUE,                 -- the public half, safe to show
    secret_hash bytea NOT NULL,                 -- sha256: the secret has 256 random bits
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, dialect, name)
);
CREATE UNIQUE INDEX api_keys_secret ON api_keys (secret_hash);

CREATE TABLE operator_tokens (
    id bigint PRIMARY KEY DEFAULT new_id(),
    name text NOT NULL UNIQUE,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE signing_keys (                     -- user tokens (JWT) and file links are signed with the newest
    id bigint PRIMARY KEY DEFAULT new_id(),
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Carriers and numbers

CREATE TABLE carriers (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('sandbox', 'smpp')),
    settings jsonb NOT NULL DEFAULT '{}',       -- by kind: host, port, system id, TPS ceiling, ...
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO carriers (name, kind) VALUES ('sandbox', 'sandbox');

CREATE TABLE carrier_routes (                   -- the longest prefix of the recipient wins
    prefix text PRIMARY KEY,                    -- '+44', '+1', '' for all
    carrier text NOT NULL REFERENCES carriers
);
INSERT INTO carrier_routes (prefix, carrier) VALUES ('', 'sandbox');

CREATE TABLE numbers (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    number text NOT NULL UNIQUE,                -- E.164 with +
    sms boolean NOT NULL DEFAULT true,
    mms boolean NOT NULL DEFAULT false,
    fax boolean NOT NULL DEFAULT false,
    voice boolean NOT NULL DEFAULT true,
    owner_emails text[] NOT NULL DEFAULT '{}',  -- lower case; who texts from it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
);

-- Texting

CREATE TABLE contacts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    number text NOT NULL,                       -- E.164 with +, or a short code
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, number)
);
CREATE INDEX contacts_names ON contacts (company_id, lower(first_name) text_pattern_ops);
CREATE INDEX contacts_last_names ON contacts (company_id, lower(last_name) text_pattern_ops);

CREATE TABLE conversations (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    kind text NOT NULL DEFAULT 'direct' CHECK (kind IN ('direct', 'group')),
    number_id bigint NOT NULL,                  -- our number
    contact_ids bigint[] NOT NULL,              -- sorted; one for direct
    last_message_id bigint,
    last_activity_at timestamptz NOT NULL DEFAULT now(),
    message_count integer NOT NULL DEFAULT 0,
    unread_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, number_id) REFERENCES numbers
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX conversations_parties ON conversations (company_id, number_id, contact_ids)
    WHERE deleted_at IS NULL;
CREATE INDEX conversations_activity ON conversations (company_id, last_activity_at DESC, id DESC)
    WHERE deleted_at IS NULL;

CREATE TABLE messages (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    conversation_id bigint NOT NULL,
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    state text NOT NULL CHECK (state IN ('received', 'queued', 'sending', 'sent', 'delivered', 'failed', 'unknown')),
    text text NOT NULL,
    sender text NOT NULL,
    recipients text[] NOT NULL,
    author_id bigint,                           -- the person who wrote it; NULL for inbound and automatic ones
    reference text,                             -- the client's own: makes sending idempotent
    encoding text NOT NULL,                     -- gsm7, ucs2
    segments smallint NOT NULL,
    files jsonb NOT NULL DEFAULT '[]',          -- [{id, name, mimetype, size}]: files do not change once uploaded
    read boolean NOT NULL,
    error_code text,
    error_text text,
    carrier text,
    carrier_reference text,                     -- inbound: the carrier's id, where it gives one
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    -- The company is a lexeme of its own, so that one index answers "this word in this company".
    search tsvector GENERATED ALWAYS AS
        (to_tsvector('simple', text) || array_to_tsvector(ARRAY['company:' || company_id::text])) STORED,
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 80);
CREATE INDEX messages_of_conversation ON messages (company_id, conversation_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX messages_unread ON messages (company_id, conversation_id) WHERE NOT read AND deleted_at IS NULL;
CREATE UNIQUE INDEX messages_reference ON messages (company_id, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX messages_carrier_reference ON messages (carrier, carrier_reference)
    WHERE carrier_reference IS NOT NULL;
CREATE INDEX messages_search ON messages USING gin (search);

-- The core's JSON shape of a message and of a conversation: what events carry (core/texting/model.py).
CREATE FUNCTION message_json(m messages) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', m.id, 'company_id', m.company_id, 'conversation_id', m.conversation_id,
        'direction', m.direction, 'state', m.state, 'text', m.text, 'sender', m.sender,
        'recipients', m.recipients, 'author_id', m.author_id, 'reference', m.reference,
        'encoding', m.encoding, 'segments', m.segments, 'files', m.files, 'read', m.read,
        'error_code', m.error_code, 'error_text', m.error_text,
        'created_at', m.created_at, 'updated_at', m.updated_at)
$$;

CREATE TABLE opt_outs (                         -- STOP: their number must not be texted from ours
    company_id bigint NOT NULL,
    number_id bigint NOT NULL,
    contact_number text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, number_id, contact_number),
    FOREIGN KEY (company_id, number_id) REFERENCES numbers ON DELETE CASCADE
);

-- One row for each recipient of an outbound message: the carriers' work list and record.
CREATE TABLE submissions (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),        -- the reference that the carrier is given, the same on every try
    message_id bigint NOT NULL,
    carrier text NOT NULL,
    recipient text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'unknown')),
    due_at timestamptz DEFAULT now(),           -- when it next needs a carrier; NULL once there is nothing to do
    attempts integer NOT NULL DEFAULT 0,
    parts smallint,
    error_code text,
    error_text text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 80);
CREATE INDEX submissions_due ON submissions (carrier, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX submissions_of_message ON submissions (company_id, message_id);

-- A row for each carrier-side message id; response and receipt may come in either order.
CREATE TABLE submission_parts (
    carrier text NOT NULL,
    reference text NOT NULL,                    -- the carrier's message id
    company_id bigint,
    submission_id bigint,                       -- NULL while only the receipt has come
    receipt text,                               -- delivered, failed; NULL while only the response has come
    error_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (carrier, reference)
);
CREATE INDEX submission_parts_of_submission ON submission_parts (company_id, submission_id);

-- Parts of long inbound texts wait here, acknowledged to the carrier, until the rest comes.
CREATE TABLE inbound_parts (
    carrier text NOT NULL,
    source text NOT NULL,
    destination text NOT NULL,
    reference integer NOT NULL,
    total smallint NOT NULL,
    part smallint NOT NULL,
    data_coding smallint NOT NULL,
    payload bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (carrier, source, destination, reference, total, part)
);

CREATE TABLE files (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    name text NOT NULL,
    uploaded_name text,
    mimetype text,
    size bigint,                                -- NULL until uploaded
    sha256 bytea,
    uploaded_by bigint,
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    uploaded_at timestamptz,
    PRIMARY KEY (company_id, id)
);

-- Events, subscriptions, deliveries

CREATE TABLE events (
    id bigint NOT NULL DEFAULT new_id(),
    -- Followers read by (transaction_id, id) below the oldest running transaction: nothing commits behind their back.
    transaction_id bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    company_id bigint NOT NULL,
    type text NOT NULL,
    subject_id bigint NOT NULL,                 -- the message, conversation, call, ... it is about
    order_key bigint NOT NULL,                  -- conversation or call: what ordered delivery keeps in order
    origin text NOT NULL DEFAULT '',            -- the dialect, or carrier, that it came in through
    payload jsonb NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX events_log ON events (transaction_id, id);
CREATE INDEX events_of_company ON events (company_id, id);

CREATE TABLE relay_position (                   -- one row, locked by whoever relays
    name text PRIMARY KEY,
    transaction_id bigint NOT NULL,
    event_id bigint NOT NULL
);
INSERT INTO relay_position VALUES ('deliveries', 0, 0);

CREATE TABLE endpoints (                        -- where notifications go, and how it fares
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    face text NOT NULL,                         -- whose notifications: ringmain, ringplan, ringrx, ...
    url text NOT NULL,
    secret text NOT NULL,                       -- whsec_..., Standard Webhooks
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'gone')),
    failures integer NOT NULL DEFAULT 0,        -- in a row
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_error text,
    blocked_until timestamptz,                  -- back-off: nothing is tried before
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX endpoints_ringplan ON endpoints (company_id) WHERE face = 'ringplan';

CREATE TABLE subscriptions (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    endpoint_id bigint NOT NULL,
    name text NOT NULL DEFAULT '',              -- the vendor's own word for what is subscribed to
    event_types text[] NOT NULL,                -- core event types
    filter jsonb NOT NULL DEFAULT '{}',         -- events whose payload contains it
    options jsonb NOT NULL DEFAULT '{}',        -- the face's own: templates, headers, ...
    ordered boolean NOT NULL DEFAULT false,     -- one at a time per order_key
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (id),
    FOREIGN KEY (company_id, endpoint_id) REFERENCES endpoints ON DELETE CASCADE
);
CREATE INDEX subscriptions_of_endpoint ON subscriptions (company_id, endpoint_id);

CREATE TABLE deliveries (
    event_id bigint NOT NULL,
    subscription_id bigint NOT NULL,
    company_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    order_key bigint,                           -- NULL: no order asked for
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead', 'cancelled')),
    due_at timestamptz DEFAULT now(),           -- next try, or end of the lease of the running one; NULL when over
    attempts smallint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, subscription_id)
) PARTITION BY RANGE (event_id);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_ordered ON deliveries (subscription_id, order_key, event_id)
    WHERE due_at IS NOT NULL AND order_key IS NOT NULL;
CREATE INDEX deliveries_of_company ON deliveries (company_id, event_id);

CREATE TABLE delivery_attempts (
    event_id bigint NOT NULL,
    subscription_id bigint NOT NULL,
    attempt smallint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    latency_ms integer,                         -- NULL: still running, or its process died
    status smallint,                            -- HTTP status; NULL when there was no answer
    error text,
    response text,                              -- capped
    PRIMARY KEY (event_id, subscription_id, attempt)
) PARTITION BY RANGE (event_id);

-- Monthly partitions of what grows without end; called at start and daily. Returns the partitions made.
CREATE FUNCTION ensure_partitions(months_ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    first_day date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    child text;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'deliveries', 'delivery_attempts'] LOOP
        FOR ahead IN 0..months_ahead LOOP
            child := parent || to_char(first_day + make_interval(months => ahead), '_YYYY_MM');
            IF to_regclass(child) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)', child, parent,
                    id_at((first_day + make_interval(months => ahead)) AT TIME ZONE 'UTC'),
                    id_at((first_day + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC'));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
SELECT ensure_partitions(3);

CREATE TABLE presence (                         -- the newest status a person set
    company_id bigint NOT NULL,
    person_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    status text NOT NULL,                       -- available, away, do_not_disturb, ...
    set_by text NOT NULL DEFAULT 'manual',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, person_id),
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE
);

-- The core's JSON shapes of a conversation: what events carry and what conversation reads return.
CREATE FUNCTION contact_json(k contacts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', k.id, 'company_id', k.company_id, 'number', k.number,
        'first_name', k.first_name, 'last_name', k.last_name)
$$;

CREATE FUNCTION parties_shape(id bigint, kind text, number_id bigint, number text, contacts jsonb, timezone text)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', id, 'kind', kind, 'number_id', number_id, 'number', number,
        'contacts', coalesce(contacts, '[]'), 'timezone', timezone)
$$;

-- Contacts are joined id by id: a condition on the whole array reads all contacts of a company.
CREATE FUNCTION parties_json(c conversations) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT parties_shape(c.id, c.kind, c.number_id, n.number, (
        SELECT jsonb_agg(contact_json(k) ORDER BY k.id)
        FROM unnest(c.contact_ids) AS one (id) JOIN contacts k ON k.company_id = c.company_id AND k.id = one.id
    ), y.timezone)
    FROM numbers n, companies y
    WHERE n.company_id = c.company_id AND n.id = c.number_id AND y.id = c.company_id
$$;

CREATE FUNCTION conversation_json(c conversations) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT parties_json(c) || jsonb_build_object(
        'company_id', c.company_id, 'last_activity_at', c.last_activity_at,
        'message_count', c.message_count, 'unread_count', c.unread_count,
        'created_at', c.created_at, 'updated_at', c.updated_at,
        'last_message', (SELECT message_json(m) FROM messages m
                         WHERE m.company_id = c.company_id AND m.id = c.last_message_id))
$$;
