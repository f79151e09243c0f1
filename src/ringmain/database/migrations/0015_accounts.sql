-- An account owns companies: who resells phones to several has one key for all of them.

CREATE TABLE accounts (
    id bigint PRIMARY KEY DEFAULT new_id(),
    name text NOT NULL,
    key text UNIQUE,                            -- the name that `ringmain apply` knows it by
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE account_keys (
    account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    name text NOT NULL,
    secret_hash bytea NOT NULL,                 -- sha256: the secret has 256 random bits
    active boolean NOT NULL DEFAULT true,
    webhook_url text,                           -- where everything that happens in the account's companies is told
    webhook_secret text,                        -- the key itself: its webhooks say it, so that receivers know them
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name),
    CHECK ((webhook_url IS NULL) = (webhook_secret IS NULL))
);
CREATE UNIQUE INDEX account_keys_secret ON account_keys (secret_hash);

CREATE TABLE account_admins (
    account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    name text NOT NULL,
    login text NOT NULL,
    password_hash text NOT NULL,                -- argon2id
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX account_admins_login ON account_admins (lower(login));

CREATE TABLE account_history (                  -- who changed what, when
    account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    key_name text NOT NULL,                     -- the name that the key had
    action text NOT NULL,                       -- the vendor's own word for what was called
    company_id bigint,                          -- of a company that may be gone
    subject text NOT NULL DEFAULT '',           -- the id that was given or made, as the vendor spells it
    PRIMARY KEY (account_id, id)
);

ALTER TABLE companies
    ADD COLUMN account_id bigint REFERENCES accounts,
    ADD COLUMN domain text,                     -- a label that names it among all companies
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,  -- nobody gets in; texts that come in are kept
    ADD COLUMN region text NOT NULL DEFAULT '1',
    ADD COLUMN package_id integer NOT NULL DEFAULT 1,
    ADD COLUMN admin_login text NOT NULL DEFAULT '',
    ADD COLUMN admin_password_hash text,        -- argon2id
    ADD COLUMN params jsonb NOT NULL DEFAULT '{}';      -- what the owner of the account says of it; no logic reads it

-- A company that is made without an account gets one of its own, and one without a domain is called after its key.
CREATE FUNCTION company_defaults() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    label text := btrim(left(regexp_replace(lower(coalesce(NEW.key, '')), '[^a-z0-9]+', '-', 'g'), 63), '-');
BEGIN
    IF NEW.account_id IS NULL THEN
        INSERT INTO accounts (name) VALUES (NEW.name) RETURNING id INTO NEW.account_id;
    END IF;
    IF NEW.domain IS NULL THEN
        NEW.domain := CASE WHEN label = '' OR EXISTS (SELECT FROM companies WHERE lower(domain) = label)
            THEN 'company-' || NEW.id ELSE label END;
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    company record;
    account bigint;
BEGIN
    FOR company IN SELECT id, name, key FROM companies ORDER BY id LOOP
        INSERT INTO accounts (name) VALUES (company.name) RETURNING id INTO account;
        UPDATE companies SET account_id = account, domain = 'company-' || id WHERE id = company.id;
    END LOOP;
END $$;

ALTER TABLE companies ALTER COLUMN account_id SET NOT NULL, ALTER COLUMN domain SET NOT NULL;
CREATE UNIQUE INDEX companies_domain ON companies (lower(domain));
CREATE INDEX companies_of_account ON companies (account_id, id);
CREATE TRIGGER company_defaults BEFORE INSERT ON companies FOR EACH ROW EXECUTE FUNCTION company_defaults();

-- Ringotel's keys are an account's from now on.
INSERT INTO account_keys (account_id, id, name, secret_hash, created_at)
SELECT c.account_id, k.id, k.name, k.secret_hash, k.created_at
FROM api_keys k JOIN companies c ON c.id = k.company_id WHERE k.dialect = 'ringotel';
DELETE FROM api_keys WHERE dialect = 'ringotel';

-- Subjects that calls can be filed under.
ALTER TABLE companies ADD COLUMN activity_subjects text[] NOT NULL DEFAULT '{}';

CREATE TABLE integrations (                     -- other systems that a company's account has switched on or off
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    service text NOT NULL,
    active boolean NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',       -- credentials there among them: never logged
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, service)
);

-- An instance that is gone leaves its calls and voicemail behind.
ALTER TABLE instances ADD COLUMN deleted_at timestamptz;
ALTER TABLE instances DROP CONSTRAINT instances_company_id_name_key;
CREATE UNIQUE INDEX instances_name ON instances (company_id, name) WHERE deleted_at IS NULL;

-- Deletes a company and everything that says whose it is. What refers to companies goes along by itself; the rest, such
-- as messages and events, is looked for. The contents of files follow (removed_files), and what the account did stays.
CREATE FUNCTION delete_company(gone bigint) RETURNS boolean LANGUAGE plpgsql AS $$
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
        ORDER BY c.relname
    LOOP
        EXECUTE format('DELETE FROM %s WHERE company_id = $1', place) USING gone;
    END LOOP;
    RETURN true;
END $$;
