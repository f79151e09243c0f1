-- Chats whose other end is an API: its client carries the texts himself, knows people by ids of his own, brings messages
-- that were written elsewhere and records of calls.

ALTER TABLE carriers DROP CONSTRAINT carriers_kind_check;
ALTER TABLE carriers ADD CONSTRAINT carriers_kind_check CHECK (kind IN ('sandbox', 'smpp', 'relayed'));
INSERT INTO carriers (name, kind) VALUES ('relayed', 'relayed') ON CONFLICT DO NOTHING;

-- A line is an extension's own, for texts of those who have no telephone number to text from: its number is the
-- extension's, which other companies have as well.
ALTER TABLE numbers
    ADD COLUMN carrier text REFERENCES carriers,    -- of texts from this number; NULL: as routed by the recipient
    ADD COLUMN line boolean NOT NULL DEFAULT false,
    ADD COLUMN extension_id bigint,                 -- of a line
    ADD FOREIGN KEY (company_id, extension_id) REFERENCES extensions ON DELETE SET NULL (extension_id);
ALTER TABLE numbers DROP CONSTRAINT numbers_number_key;
CREATE UNIQUE INDEX numbers_number ON numbers (number) WHERE NOT line;
CREATE UNIQUE INDEX numbers_of_company ON numbers (number, company_id);
CREATE UNIQUE INDEX numbers_line ON numbers (company_id, extension_id) WHERE extension_id IS NOT NULL;

ALTER TABLE contacts
    ADD COLUMN handle text,                         -- the API's own id of somebody, who is texted through it
    ADD COLUMN email text;
CREATE UNIQUE INDEX contacts_handle ON contacts (company_id, handle) WHERE handle IS NOT NULL;

ALTER TABLE messages ADD COLUMN activity jsonb;     -- of a record of a call: who, how long, about what; its text says it

CREATE OR REPLACE FUNCTION message_json(m messages) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', m.id, 'company_id', m.company_id, 'conversation_id', m.conversation_id,
        'direction', m.direction, 'state', m.state, 'text', m.text, 'sender', m.sender,
        'recipients', m.recipients, 'author_id', m.author_id, 'reference', m.reference,
        'encoding', m.encoding, 'segments', m.segments, 'files', m.files, 'read', m.read,
        'error_code', m.error_code, 'error_text', m.error_text, 'activity', m.activity,
        'created_at', m.created_at, 'updated_at', m.updated_at)
$$;

CREATE OR REPLACE FUNCTION contact_json(k contacts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', k.id, 'company_id', k.company_id, 'number', k.number,
        'first_name', k.first_name, 'last_name', k.last_name, 'handle', k.handle, 'email', k.email)
$$;

-- Messages are in the order of their ids. One that was written elsewhere gets an id as if it had been written here then.
-- Ids begin in 2024: what is older goes, second by second, into the January of that year, when there were no ids yet.
CREATE FUNCTION past_id(moment timestamptz) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN moment >= '2024-02-01 00:00:00+00' THEN id_at(moment)
        ELSE greatest(floor(extract(epoch FROM moment)), 1)::bigint << 13
        END | (nextval('id_sequence') & 8191)
$$;
