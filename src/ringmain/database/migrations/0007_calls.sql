-- Calls: a row from the first ring on, a call record (CDR) once it has ended

CREATE TABLE calls (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    instance_id bigint NOT NULL,
    instance_uuid uuid NOT NULL,                -- an instance's UUID does not change
    reference text NOT NULL,                    -- the PBX's own id of the call: makes telling of it idempotent
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    network text NOT NULL CHECK (network IN ('off_net', 'on_net', 'private')),
    source text NOT NULL,                       -- an extension's number, E.164 with +, '' when it was withheld
    source_name text NOT NULL,
    destination text NOT NULL,
    destination_name text NOT NULL,
    extension_number integer,                   -- that answered, or else that rang first
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,                       -- NULL while it goes on
    outcome text CHECK (outcome IN ('completed', 'busy', 'no_answer', 'cancelled', 'failed')),
    release_code smallint,                      -- Q.850
    pbx jsonb NOT NULL DEFAULT '{}',            -- the PBX's own fields: what dialects show, no logic reads it
    recording_file_id bigint,
    transcription_id text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, instance_id, reference),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) WITH (fillfactor = 80);
-- Any page is found in an index alone: of all, of one kind (lists merge kinds), of one party.
CREATE INDEX calls_started ON calls (company_id, started_at DESC, id DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_kind ON calls (company_id, direction, network, outcome, started_at DESC, id DESC)
    WHERE ended_at IS NOT NULL;
CREATE INDEX calls_source ON calls (company_id, source, started_at DESC, id DESC)
    INCLUDE (direction, network, outcome, destination) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_destination ON calls (company_id, destination, started_at DESC, id DESC)
    INCLUDE (direction, network, outcome, source) WHERE ended_at IS NOT NULL;

CREATE TABLE call_legs (                        -- one for each phone, or trunk, that a call rang
    company_id bigint NOT NULL,
    call_id bigint NOT NULL,
    reference text NOT NULL,                    -- the PBX's own id of the leg
    extension_number integer,
    ringing_at timestamptz NOT NULL,
    ended_at timestamptz,                       -- when that attempt was over, answered or not
    outcome text CHECK (outcome IN ('answered', 'busy', 'no_answer', 'cancelled', 'failed')),
    PRIMARY KEY (company_id, call_id, reference),
    FOREIGN KEY (company_id, call_id) REFERENCES calls ON DELETE CASCADE
);

CREATE TABLE call_extensions (                  -- which extensions took part in calls that have ended
    company_id bigint NOT NULL,
    extension_number integer NOT NULL,
    call_id bigint NOT NULL,
    direction text NOT NULL,
    network text NOT NULL,
    outcome text NOT NULL,
    started_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, call_id, extension_number),
    FOREIGN KEY (company_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CREATE INDEX call_extensions_kind ON call_extensions
    (company_id, extension_number, direction, network, outcome, started_at DESC, call_id DESC);
CREATE INDEX call_extensions_started ON call_extensions
    (company_id, extension_number, started_at DESC, call_id DESC);

-- Lists show how many there are, at any size: by day (UTC) and kind, for each extension and for all (0) together.
CREATE TABLE call_counts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    extension_number integer NOT NULL,
    day date NOT NULL,
    direction text NOT NULL,
    network text NOT NULL,
    outcome text NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, extension_number, day, direction, network, outcome)
) WITH (fillfactor = 50);

-- The core's JSON shapes (core/calls/model.py)
CREATE FUNCTION call_json(c calls) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', c.id, 'company_id', c.company_id, 'instance_id', c.instance_id, 'instance_uuid', c.instance_uuid,
        'reference', c.reference, 'direction', c.direction, 'network', c.network,
        'source', c.source, 'source_name', c.source_name,
        'destination', c.destination, 'destination_name', c.destination_name,
        'extension_number', c.extension_number, 'started_at', c.started_at, 'answered_at', c.answered_at,
        'ended_at', c.ended_at, 'outcome', c.outcome, 'release_code', c.release_code, 'pbx', c.pbx,
        'recording_file_id', c.recording_file_id, 'transcription_id', c.transcription_id)
$$;

CREATE FUNCTION leg_json(l call_legs) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('reference', l.reference, 'extension_number', l.extension_number,
        'ringing_at', l.ringing_at, 'ended_at', l.ended_at, 'outcome', l.outcome)
$$;

-- How a company calls a number: its extension's name, or a contact's; else the number itself.
CREATE FUNCTION name_of(company bigint, instance bigint, called text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT nullif(e.name, '') FROM extensions e WHERE e.company_id = company AND e.instance_id = instance
            AND e.number = CASE WHEN called ~ '^[1-9][0-9]{0,8}$' THEN called::integer END),
        (SELECT nullif(btrim(k.first_name || ' ' || k.last_name), '') FROM contacts k
            WHERE k.company_id = company AND k.number = called),
        called)
$$;

-- Texting: conversations that are kept on top, and lists of one number's, one contact's, those with unread messages

ALTER TABLE conversations ADD COLUMN pinned_at timestamptz;
CREATE INDEX conversations_pinned ON conversations (company_id, last_activity_at DESC, id DESC)
    WHERE deleted_at IS NULL AND pinned_at IS NOT NULL;
CREATE INDEX conversations_of_number ON conversations (company_id, number_id, last_activity_at DESC, id DESC)
    WHERE deleted_at IS NULL;
CREATE INDEX conversations_unread ON conversations (company_id, last_activity_at DESC, id DESC)
    WHERE deleted_at IS NULL AND unread_count > 0;
CREATE INDEX conversations_unread_of_number ON conversations (company_id, number_id, last_activity_at DESC, id DESC)
    WHERE deleted_at IS NULL AND unread_count > 0;
-- Typed numbers are found by their beginnings, whatever the collation.
CREATE INDEX contacts_numbers ON contacts (company_id, number text_pattern_ops);

-- In a table of its own: an index on the array would be written with every message.
CREATE TABLE conversation_contacts (
    company_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    PRIMARY KEY (company_id, contact_id, conversation_id),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
INSERT INTO conversation_contacts
SELECT company_id, contact_id, id FROM conversations, unnest(contact_ids) AS contact_id WHERE deleted_at IS NULL
ON CONFLICT DO NOTHING;

CREATE TABLE conversation_counts (              -- those that are not deleted
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    number_id bigint NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, number_id)
) WITH (fillfactor = 50);
INSERT INTO conversation_counts
SELECT company_id, number_id, count(*) FROM conversations WHERE deleted_at IS NULL GROUP BY 1, 2;

-- A company that goes takes its counts along.
CREATE FUNCTION count_conversations(company bigint, number bigint, difference bigint)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO conversation_counts AS c (company_id, number_id, total)
    SELECT company, number, difference WHERE EXISTS (SELECT FROM companies WHERE id = company)
    ON CONFLICT (company_id, number_id) DO UPDATE SET total = c.total + excluded.total
$$;

-- Always in one order, so that two writers cannot wait for each other.
CREATE FUNCTION conversations_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_contacts
    SELECT company_id, contact_id, id FROM came, unnest(contact_ids) AS contact_id WHERE deleted_at IS NULL
    ON CONFLICT DO NOTHING;
    PERFORM count_conversations(company_id, number_id, difference) FROM (
        SELECT company_id, number_id, count(*) AS difference FROM came WHERE deleted_at IS NULL
        GROUP BY 1, 2 ORDER BY 1, 2) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION conversations_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_conversations(company_id, number_id, difference) FROM (
        SELECT company_id, number_id, -count(*) AS difference FROM went WHERE deleted_at IS NULL
        GROUP BY 1, 2 ORDER BY 1, 2) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION conversation_hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM conversation_contacts WHERE company_id = OLD.company_id AND conversation_id = OLD.id
        AND contact_id = ANY (OLD.contact_ids);
    PERFORM count_conversations(OLD.company_id, OLD.number_id, -1);
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON conversations
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION conversations_came();
CREATE TRIGGER count_deleted AFTER DELETE ON conversations
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION conversations_went();
-- By the column that it sets: messages update conversations all the time, and must not pay for this.
CREATE TRIGGER count_hidden AFTER UPDATE OF deleted_at ON conversations
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION conversation_hidden();

CREATE OR REPLACE FUNCTION conversation_json(c conversations) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT parties_json(c) || jsonb_build_object(
        'company_id', c.company_id, 'last_activity_at', c.last_activity_at,
        'message_count', c.message_count, 'unread_count', c.unread_count, 'pinned_at', c.pinned_at,
        'created_at', c.created_at, 'updated_at', c.updated_at,
        'last_message', (SELECT message_json(m) FROM messages m
                         WHERE m.company_id = c.company_id AND m.id = c.last_message_id))
$$;

-- Presence: what somebody does, beside whether they can be reached

ALTER TABLE presence
    ADD COLUMN additional text,                 -- lunch, in_a_meeting, ...; NULL: nothing
    ADD COLUMN additional_set_by text;
