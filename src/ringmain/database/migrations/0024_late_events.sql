-- A company that is deleted while something happens in it. Who was waited for has written what came of it: events go last,
-- so that none is left behind. Submissions go before messages, in the order in which outcomes lock them.

CREATE OR REPLACE FUNCTION delete_company(gone bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    place regclass;
BEGIN
    DELETE FROM delivery_attempts a USING deliveries d
        WHERE d.company_id = gone AND a.event_id = d.event_id AND a.subscription_id = d.subscription_id;
    DELETE FROM companies WHERE id = gone;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOR place IN
        SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE a.attname = 'company_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'companies'::regclass)
            AND c.relname NOT IN ('account_history', 'removed_files')
        ORDER BY c.relname IN ('events', 'deliveries'), c.relname <> 'submissions', c.relname
    LOOP
        EXECUTE format('DELETE FROM %s WHERE company_id = $1', place) USING gone;
    END LOOP;
    RETURN true;
END $$;
