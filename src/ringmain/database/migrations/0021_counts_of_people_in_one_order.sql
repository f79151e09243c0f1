-- Whoever makes, renames or deletes people takes the company's own count first, and with it all that come after: two who
-- write several people in one transaction each would else wait for each other's first names.

CREATE OR REPLACE FUNCTION people_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, list, key, difference) FROM (
        SELECT company_id, 'first_name' AS list, lower(first_name) AS key, count(*) AS difference FROM came
        GROUP BY 1, 3
        UNION ALL
        SELECT company_id, 'people', '', count(*) FROM came GROUP BY 1
        ORDER BY 1, 2 DESC, 3) AS changes;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION people_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, list, key, difference) FROM (
        SELECT company_id, 'first_name' AS list, lower(first_name) AS key, -count(*) AS difference FROM went
        GROUP BY 1, 3
        UNION ALL
        SELECT company_id, 'people', '', -count(*) FROM went GROUP BY 1
        ORDER BY 1, 2 DESC, 3) AS changes;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION people_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, list, key, difference) FROM (
        WITH changes AS (
            SELECT company_id, lower(first_name) AS key, sum(sign)::bigint AS difference FROM (
                SELECT company_id, first_name, 1 AS sign FROM came
                UNION ALL SELECT company_id, first_name, -1 FROM went) AS signed
            GROUP BY 1, 2 HAVING sum(sign) <> 0
        )
        SELECT company_id, 'first_name' AS list, key, difference FROM changes
        UNION ALL
        SELECT DISTINCT company_id, 'people', '', 0::bigint FROM changes
        ORDER BY 1, 2 DESC, 3) AS ordered;
    RETURN NULL;
END $$;
