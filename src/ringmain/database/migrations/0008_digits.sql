-- Contacts are found by digits from anywhere in their numbers: by the beginning of one of the ends of a number. Ends
-- are cut to seven digits; each stands behind its company, so that a search reads only that company's part.
CREATE FUNCTION contact_digits(company bigint, number text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_tsvector(array_agg(company || '/' || substr(ltrim(number, '+'), n, 7)))
    FROM generate_series(1, length(ltrim(number, '+'))) AS n
$$;
CREATE INDEX contacts_digits ON contacts USING gin (contact_digits(company_id, number));
