-- Mail: a work list like submissions. Any node with the mail role takes from it.

CREATE TABLE mails (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),        -- its Message-ID is made from it: the same on every try
    recipients text[] NOT NULL,                 -- what stands in To
    pending text[] NOT NULL,                    -- those of them whom it has yet to reach
    refused text[] NOT NULL DEFAULT '{}',       -- those whose servers will never take it
    subject text NOT NULL,
    text text NOT NULL,
    reply_to text,
    calendar_method text,
    calendar text,                              -- iCalendar, for invitations
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dead')),
    due_at timestamptz DEFAULT now(),           -- next try, or end of the lease of the running one; NULL when over
    attempts integer NOT NULL DEFAULT 0,
    error_text text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 70);
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_over ON mails (updated_at) WHERE due_at IS NULL;

CREATE TABLE mail_attachments (                 -- kept until the mail is over
    company_id bigint NOT NULL,
    mail_id bigint NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    mimetype text NOT NULL,
    file_id bigint,                             -- a stored file, or else
    content bytea,                              -- the content itself
    PRIMARY KEY (company_id, mail_id, position),
    FOREIGN KEY (company_id, mail_id) REFERENCES mails ON DELETE CASCADE,
    CHECK ((file_id IS NULL) <> (content IS NULL))
);

-- Voicemail

CREATE TABLE voicemails (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    instance_id bigint NOT NULL,
    instance_uuid uuid NOT NULL,                -- an instance's UUID does not change
    extension_id bigint,                        -- NULL once the extension is gone
    extension_number integer NOT NULL,
    source_number text NOT NULL,                -- an extension's, E.164 with +, or '' when it was withheld
    source_digits bigint GENERATED ALWAYS AS (nullif(regexp_replace(source_number, '\D', '', 'g'), '')::bigint) STORED,
    source_name text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    listened boolean NOT NULL DEFAULT false,
    file_id bigint NOT NULL,                    -- the audio, stored once
    file jsonb NOT NULL,                        -- {id, name, mimetype, size}: files do not change once uploaded
    duration_s double precision NOT NULL,
    transcription text,
    email text NOT NULL,                        -- who is told by mail, or ''
    reference text,                             -- the PBX's own id: makes receiving idempotent
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE,
    FOREIGN KEY (company_id, extension_id) REFERENCES extensions ON DELETE SET NULL (extension_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX voicemails_reference ON voicemails (company_id, instance_id, reference)
    WHERE reference IS NOT NULL;
CREATE INDEX voicemails_of_extension ON voicemails (company_id, extension_id) WHERE extension_id IS NOT NULL;
-- One for each order that lists are asked for: any page is found in an index alone.
CREATE INDEX voicemails_received ON voicemails (company_id, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX voicemails_destination ON voicemails (company_id, extension_number, received_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX voicemails_source ON voicemails (company_id, source_digits, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX voicemails_source_name ON voicemails (company_id, source_name, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX voicemails_email ON voicemails (company_id, email, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX voicemails_duration ON voicemails (company_id, duration_s, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX voicemails_listened ON voicemails (company_id, listened, received_at, id) WHERE deleted_at IS NULL;

CREATE FUNCTION voicemail_json(v voicemails) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', v.id, 'company_id', v.company_id, 'instance_id', v.instance_id, 'instance_uuid', v.instance_uuid,
        'extension_id', v.extension_id, 'extension_number', v.extension_number,
        'source_number', v.source_number, 'source_name', v.source_name, 'received_at', v.received_at,
        'listened', v.listened, 'file', v.file, 'duration_s', v.duration_s, 'transcription', v.transcription,
        'email', v.email, 'reference', v.reference, 'updated_at', v.updated_at)
$$;

-- Lists show how many there are, at any size: by day (UTC), for each extension number and for all (0) together.
CREATE TABLE voicemail_counts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    destination integer NOT NULL,
    day date NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, destination, day)
) WITH (fillfactor = 50);

-- Always in one order, so that two writers cannot wait for each other. A company that goes takes its counts along.
CREATE FUNCTION count_voicemails(company bigint, its_destination integer, its_day date, difference bigint)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO voicemail_counts AS c (company_id, destination, day, total)
    SELECT company, its_destination, its_day, difference WHERE EXISTS (SELECT FROM companies WHERE id = company)
    ON CONFLICT (company_id, destination, day) DO UPDATE SET total = c.total + excluded.total
$$;

CREATE FUNCTION voicemails_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_voicemails(company_id, destination, day, difference) FROM (
        SELECT company_id, destination, (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS difference
        FROM came CROSS JOIN LATERAL (VALUES (0), (extension_number)) AS d (destination)
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION voicemails_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_voicemails(company_id, destination, day, difference) FROM (
        SELECT company_id, destination, (received_at AT TIME ZONE 'UTC')::date AS day, -count(*) AS difference
        FROM went CROSS JOIN LATERAL (VALUES (0), (extension_number)) AS d (destination)
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION voicemails_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_voicemails(company_id, destination, day, difference) FROM (
        SELECT company_id, destination, (received_at AT TIME ZONE 'UTC')::date AS day, sum(sign)::bigint AS difference
        FROM (SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 FROM went) AS signed
        CROSS JOIN LATERAL (VALUES (0), (extension_number)) AS d (destination)
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3 HAVING sum(sign) <> 0 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON voicemails
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION voicemails_came();
CREATE TRIGGER count_deleted AFTER DELETE ON voicemails
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION voicemails_went();
CREATE TRIGGER count_updated AFTER UPDATE ON voicemails
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION voicemails_changed();
