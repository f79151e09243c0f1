-- What there is once an installation: what salts of passwords are made with, and whose key secrets are sealed with

CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    password_salt bytea NOT NULL,
    seal_check text                             -- sealed when the first process started: tells whether a key fits
);
INSERT INTO installation (password_salt)
SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));

-- The same for all people of one name (e-mail or login name), so that one hash tells which of them logs in; another for
-- each name and in each installation.
CREATE FUNCTION password_salt(name text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT substr(sha256(password_salt || convert_to(lower(name), 'UTF8')), 1, 16) FROM installation
$$;
