-- Files go when the last row that refers to them does; their contents follow (core/files/removal.py).

CREATE TABLE removed_files (                    -- files whose rows are gone and whose contents must go too
    company_id bigint NOT NULL,
    file_id bigint NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now() + interval '5 minutes',   -- what is being read or written ends before
    PRIMARY KEY (company_id, file_id)
);
CREATE INDEX removed_files_due ON removed_files (due_at);

CREATE FUNCTION files_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO removed_files (company_id, file_id) SELECT company_id, id FROM went ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER remove_contents AFTER DELETE ON files
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION files_went();

CREATE INDEX voicemails_file ON voicemails (company_id, file_id);
CREATE INDEX faxes_files ON faxes USING gin ((ARRAY[file_id, preview_id, tiff_id]));
CREATE INDEX messages_files ON messages USING gin (files jsonb_path_ops) WHERE files <> '[]';
CREATE INDEX calls_recording ON calls (company_id, recording_file_id) WHERE recording_file_id IS NOT NULL;
CREATE INDEX meeting_recordings_file ON meeting_recordings (company_id, file_id);
CREATE INDEX mail_attachments_file ON mail_attachments (company_id, file_id) WHERE file_id IS NOT NULL;

-- A message that was deleted may still be on its way to a carrier, which reads its files then.
CREATE FUNCTION file_in_use(its_company bigint, its_file bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM voicemails WHERE company_id = its_company AND file_id = its_file AND deleted_at IS NULL)
        OR EXISTS (SELECT FROM faxes WHERE company_id = its_company AND deleted_at IS NULL
            AND ARRAY[file_id, preview_id, tiff_id] @> ARRAY[its_file])
        OR EXISTS (SELECT FROM messages WHERE company_id = its_company AND files <> '[]'
            AND files @> jsonb_build_array(jsonb_build_object('id', its_file)))
        OR EXISTS (SELECT FROM calls WHERE company_id = its_company AND recording_file_id = its_file)
        OR EXISTS (SELECT FROM meeting_recordings WHERE company_id = its_company AND file_id = its_file)
        OR EXISTS (SELECT FROM mail_attachments WHERE company_id = its_company AND file_id = its_file)
$$;

-- Deletes those of these files that nothing refers to, and says which. Whoever begins to refer to a file holds its row
-- (FOR KEY SHARE): they find it gone, or what they have written is seen by the second statement here.
CREATE FUNCTION release_files(company bigint, ids bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM files WHERE company_id = company AND id = ANY (ids) ORDER BY id FOR UPDATE;
    RETURN QUERY DELETE FROM files f
        WHERE f.company_id = company AND f.id = ANY (ids) AND NOT file_in_use(company, f.id) RETURNING f.id;
END $$;

-- A mail that waits keeps what it brings, also of a voicemail or a fax that was deleted since.
CREATE FUNCTION attachment_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM voicemails WHERE company_id = OLD.company_id AND file_id = OLD.file_id
            AND deleted_at IS NOT NULL)
        OR EXISTS (SELECT FROM faxes WHERE company_id = OLD.company_id AND deleted_at IS NOT NULL
            AND ARRAY[file_id, preview_id, tiff_id] @> ARRAY[OLD.file_id])
    THEN
        PERFORM release_files(OLD.company_id, ARRAY[OLD.file_id]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER release_file AFTER DELETE ON mail_attachments
    FOR EACH ROW WHEN (OLD.file_id IS NOT NULL) EXECUTE FUNCTION attachment_went();

-- What was deleted before this was known.
SELECT count(*) FROM (
    SELECT company_id, array_agg(file_id) AS ids FROM (
        SELECT company_id, file_id FROM voicemails WHERE deleted_at IS NOT NULL
        UNION ALL
        SELECT company_id, unnest(ARRAY[file_id, preview_id, tiff_id]) FROM faxes WHERE deleted_at IS NOT NULL
    ) AS gone GROUP BY company_id
) AS of_company, release_files(company_id, ids);

-- Whose mailbox it is becomes the user of an extension that has none (core/people/store.py).
CREATE INDEX extensions_free_mailbox ON extensions (company_id, lower(data->>'voicemail_email'))
    WHERE person_id IS NULL AND data ? 'voicemail_email';
