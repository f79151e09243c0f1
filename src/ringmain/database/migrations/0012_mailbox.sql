-- Mailboxes: voicemail and fax in one list, with a trash. What is in the trash is deleted for everybody else, but keeps
-- its files until it is thrown away for good.

ALTER TABLE voicemails ADD COLUMN trashed_at timestamptz;   -- since when it is in the trash; then deleted_at is set too
ALTER TABLE faxes
    ADD COLUMN trashed_at timestamptz,
    ADD COLUMN author_id bigint,                -- the person who sent it, where that is known
    ADD FOREIGN KEY (company_id, author_id) REFERENCES people ON DELETE SET NULL (author_id);
CREATE INDEX voicemails_trashed ON voicemails (company_id, received_at DESC, id DESC) WHERE trashed_at IS NOT NULL;
CREATE INDEX faxes_trashed ON faxes (company_id, created_at DESC, id DESC) WHERE trashed_at IS NOT NULL;
CREATE INDEX faxes_of_author ON faxes (company_id, author_id) WHERE author_id IS NOT NULL;

CREATE OR REPLACE FUNCTION file_in_use(its_company bigint, its_file bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM voicemails WHERE company_id = its_company AND file_id = its_file
            AND (deleted_at IS NULL OR trashed_at IS NOT NULL))
        OR EXISTS (SELECT FROM faxes WHERE company_id = its_company AND (deleted_at IS NULL OR trashed_at IS NOT NULL)
            AND ARRAY[file_id, preview_id, tiff_id] @> ARRAY[its_file])
        OR EXISTS (SELECT FROM messages WHERE company_id = its_company AND files <> '[]'
            AND files @> jsonb_build_array(jsonb_build_object('id', its_file)))
        OR EXISTS (SELECT FROM calls WHERE company_id = its_company AND recording_file_id = its_file)
        OR EXISTS (SELECT FROM meeting_recordings WHERE company_id = its_company AND file_id = its_file)
        OR EXISTS (SELECT FROM mail_attachments WHERE company_id = its_company AND file_id = its_file)
$$;

-- A call's record says what its recording is.
CREATE OR REPLACE FUNCTION call_json(c calls) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', c.id, 'company_id', c.company_id, 'instance_id', c.instance_id, 'instance_uuid', c.instance_uuid,
        'reference', c.reference, 'direction', c.direction, 'network', c.network,
        'source', c.source, 'source_name', c.source_name,
        'destination', c.destination, 'destination_name', c.destination_name,
        'extension_number', c.extension_number, 'started_at', c.started_at, 'answered_at', c.answered_at,
        'ended_at', c.ended_at, 'outcome', c.outcome, 'release_code', c.release_code, 'pbx', c.pbx,
        'recording_file_id', c.recording_file_id, 'transcription_id', c.transcription_id,
        'recording', CASE WHEN c.recording_file_id IS NOT NULL THEN (
            SELECT jsonb_build_object('name', f.uploaded_name, 'mimetype', f.mimetype)
            FROM files f WHERE f.company_id = c.company_id AND f.id = c.recording_file_id) END)
$$;
