-- Orders by two fields, of the first of which many rows may have the same: rows in their order, without a sort. Durations
-- in whole seconds are so few that their rows are sorted by others, too: those are in the index.
CREATE INDEX faxes_read_subject ON faxes (company_id, folder, is_read, lower(subject), created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX voicemails_duration_destination ON voicemails (company_id, duration_s, extension_number, received_at, id)
    INCLUDE (source_digits, listened) WHERE deleted_at IS NULL;
