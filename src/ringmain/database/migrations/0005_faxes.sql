-- Fax: who gets what comes in, faxes both ways, and the work list of those that go out.

CREATE TABLE fax_destinations (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    emails text[] NOT NULL,
    key bytea NOT NULL,                         -- sha256 of the set: two lists of the same addresses are one
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, key)
);

-- The words of a text, each behind its company: a search reads only its own company's part of the index.
CREATE FUNCTION fax_words(company bigint, words text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(company || '/' || w.lexeme)
    FROM unnest(to_tsvector('simple', regexp_replace(words, '[-./@:_]+', ' ', 'g'))) AS w
$$;

-- `own` is the company's side, `party` the other one: lists are searched by it in both directions.
CREATE TABLE faxes (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    state text NOT NULL CHECK (state IN ('received', 'scheduled', 'queued', 'sending', 'sent', 'failed')),
    own_number text NOT NULL,                   -- E.164 with +
    own_name text NOT NULL,
    party_number text NOT NULL,                 -- E.164 with +, or '' when it was withheld
    party_name text NOT NULL,
    subject text NOT NULL,
    emails text[] NOT NULL DEFAULT '{}',        -- outbound: who is told what became of it
    is_read boolean NOT NULL,
    hidden boolean NOT NULL DEFAULT false,
    file_id bigint NOT NULL,                    -- the document that was given, or the PDF of what came in
    file jsonb NOT NULL,                        -- {id, name, mimetype, size}: files do not change once uploaded
    preview_id bigint NOT NULL,                 -- a file: picture of the first page
    tiff_id bigint,                             -- a file: the pages as they go out
    pages integer NOT NULL,
    pages_done integer NOT NULL DEFAULT 0,      -- of the running or last try
    send_at timestamptz,                        -- when it was, or is, scheduled for
    due_at timestamptz,                         -- next try, or end of the lease of the running one; NULL when over
    attempts integer NOT NULL DEFAULT 0,        -- tries that were begun; also the token of the running one
    last_attempt integer NOT NULL DEFAULT 0,    -- the try after which it has failed
    round integer NOT NULL DEFAULT 0,           -- how often somebody asked for it to be sent again
    error_code text,
    error_text text,
    reference text,                             -- inbound: makes receiving idempotent
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    folder text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN state = 'scheduled' THEN 'scheduled' WHEN direction = 'outbound' THEN 'outbound'
            WHEN hidden THEN 'hidden' ELSE 'inbound' END) STORED,
    nameless boolean NOT NULL GENERATED ALWAYS AS (party_number = '' OR party_name = '') STORED,
    search tsvector GENERATED ALWAYS AS (array_to_tsvector(fax_words(company_id, 
        subject || ' ' || own_name || ' ' || party_name || ' ' || ltrim(own_number, '+') || ' '
        || ltrim(party_number, '+') || ' ' || regexp_replace(own_number, '^\+1', '') || ' '
        || regexp_replace(party_number, '^\+1', '')))) STORED,
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 70);
CREATE INDEX faxes_due ON faxes (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX faxes_reference ON faxes (company_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX faxes_search ON faxes USING gin (search);
-- One for each order that lists are asked for: any page is found in an index alone.
CREATE INDEX faxes_id ON faxes (company_id, folder, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_created ON faxes (company_id, folder, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_own ON faxes (company_id, folder, own_number, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_own_name ON faxes (company_id, folder, lower(own_name), created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_party ON faxes (company_id, folder, party_number, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_party_name ON faxes (company_id, folder, lower(party_name), created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX faxes_subject ON faxes (company_id, folder, lower(subject), created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_pages ON faxes (company_id, folder, pages, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_read ON faxes (company_id, folder, is_read, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_nameless ON faxes (company_id, folder, nameless, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_state ON faxes (company_id, folder, state, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX faxes_send_at ON faxes (company_id, folder, send_at, created_at, id) WHERE deleted_at IS NULL;

CREATE FUNCTION fax_json(f faxes) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', f.id, 'company_id', f.company_id, 'direction', f.direction, 'state', f.state, 'folder', f.folder,
        'sender', CASE f.direction WHEN 'inbound' THEN f.party_number ELSE f.own_number END,
        'sender_name', CASE f.direction WHEN 'inbound' THEN f.party_name ELSE f.own_name END,
        'recipient', CASE f.direction WHEN 'inbound' THEN f.own_number ELSE f.party_number END,
        'recipient_name', CASE f.direction WHEN 'inbound' THEN f.own_name ELSE f.party_name END,
        'subject', f.subject, 'emails', f.emails, 'is_read', f.is_read, 'hidden', f.hidden, 'file', f.file,
        'preview_id', f.preview_id, 'pages', f.pages, 'pages_done', f.pages_done, 'send_at', f.send_at,
        'attempts', f.attempts, 'error_code', f.error_code, 'error_text', f.error_text, 'reference', f.reference,
        'created_at', f.created_at, 'updated_at', f.updated_at)
$$;

-- Lists show how many there are, at any size: by day (UTC) and by what lists are most often cut down to.
CREATE TABLE fax_counts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    folder text NOT NULL,
    day date NOT NULL,
    is_read boolean NOT NULL,
    nameless boolean NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, folder, day, is_read, nameless)
) WITH (fillfactor = 50);

CREATE TYPE fax_tally AS (company_id bigint, folder text, day date, is_read boolean, nameless boolean, total bigint);

-- Always in one order, so that two writers cannot wait for each other. A company that goes takes its counts along.
CREATE FUNCTION count_faxes(changes fax_tally[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO fax_counts AS c (company_id, folder, day, is_read, nameless, total)
    SELECT d.company_id, d.folder, d.day, d.is_read, d.nameless, sum(d.total)::bigint
    FROM unnest(changes) AS d WHERE EXISTS (SELECT FROM companies WHERE id = d.company_id)
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(d.total) <> 0 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (company_id, folder, day, is_read, nameless) DO UPDATE SET total = c.total + excluded.total
$$;

CREATE FUNCTION faxes_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_faxes(array_agg((company_id, folder, (created_at AT TIME ZONE 'UTC')::date, is_read, nameless,
        1)::fax_tally)) FROM came WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION faxes_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_faxes(array_agg((company_id, folder, (created_at AT TIME ZONE 'UTC')::date, is_read, nameless,
        -1)::fax_tally)) FROM went WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION faxes_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_faxes(array_agg((company_id, folder, (created_at AT TIME ZONE 'UTC')::date, is_read, nameless,
        sign)::fax_tally))
    FROM (SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 FROM went) AS signed WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON faxes
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION faxes_came();
CREATE TRIGGER count_deleted AFTER DELETE ON faxes
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION faxes_went();
CREATE TRIGGER count_updated AFTER UPDATE ON faxes
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION faxes_changed();
