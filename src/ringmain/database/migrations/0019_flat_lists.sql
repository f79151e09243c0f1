-- Orders by two fields, of the first of which many rows may have the same: rows in their order, without a sort. Durations
-- in whole seconds are so few that their rows are sorted by others, too: those are in the index.
CREATE INDEX faxes_read_subject ON faxes (company_id, folder, is_read, lower(subject), created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX voicemails_duration_destination ON voicemails (company_id, duration_s, extension_number, received_at, id)
    INCLUDE (source_digits, listened) WHERE deleted_at IS NULL;

-- Contacts are found by two digits: each two have an entry of their own, besides the ends of the number (migration 0008).
-- One in ten numbers has them: to go through the ends that begin with them takes as long as there are contacts.
CREATE OR REPLACE FUNCTION contact_digits(company bigint, number text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN number IS NOT NULL THEN array_to_tsvector(ARRAY[
        company::text || '/' || substr(number, 1, 7), company::text || '/' || substr(number, 2, 7),
        company::text || '/' || substr(number, 3, 7), company::text || '/' || substr(number, 4, 7),
        company::text || '/' || substr(number, 5, 7), company::text || '/' || substr(number, 6, 7),
        company::text || '/' || substr(number, 7, 7), company::text || '/' || substr(number, 8, 7),
        company::text || '/' || substr(number, 9, 7), company::text || '/' || substr(number, 10, 7),
        company::text || '/' || substr(number, 11, 7), company::text || '/' || substr(number, 12, 7),
        company::text || '/' || substr(number, 13, 7), company::text || '/' || substr(number, 14, 7),
        company::text || '/' || substr(number, 15, 7), company::text || '/' || substr(number, 16, 7),
        company::text || '/' || substr(number, 1, 2), company::text || '/' || substr(number, 2, 2),
        company::text || '/' || substr(number, 3, 2), company::text || '/' || substr(number, 4, 2),
        company::text || '/' || substr(number, 5, 2), company::text || '/' || substr(number, 6, 2),
        company::text || '/' || substr(number, 7, 2), company::text || '/' || substr(number, 8, 2),
        company::text || '/' || substr(number, 9, 2), company::text || '/' || substr(number, 10, 2),
        company::text || '/' || substr(number, 11, 2), company::text || '/' || substr(number, 12, 2),
        company::text || '/' || substr(number, 13, 2), company::text || '/' || substr(number, 14, 2),
        company::text || '/' || substr(number, 15, 2), company::text || '/' || substr(number, 16, 2)]) END
$$;
REINDEX INDEX contacts_digits;
