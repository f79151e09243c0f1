-- People: invitations, logins, how many there are; the company's directory of people outside

ALTER TABLE people
    ADD COLUMN agent_id bigint,                 -- the person who answers for their group
    ADD COLUMN invitation_hash bytea,           -- sha256 of the token; NULL: none is open
    ADD COLUMN invited_at timestamptz,
    ADD COLUMN invitation_expires_at timestamptz,
    ADD COLUMN invitation_accepted_at timestamptz,
    ADD FOREIGN KEY (company_id, agent_id) REFERENCES people ON DELETE SET NULL (agent_id);
CREATE UNIQUE INDEX people_invitation ON people (invitation_hash) WHERE invitation_hash IS NOT NULL;
CREATE INDEX people_of_agent ON people (company_id, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX people_first_name ON people (company_id, lower(first_name), id);
CREATE INDEX people_login ON people (lower(email), id) WHERE active AND password_hash IS NOT NULL;
-- Who leaves takes the keys that act for them alone along.
CREATE INDEX api_keys_of_person ON api_keys (company_id, person_id) WHERE person_id IS NOT NULL;

ALTER TABLE locations ADD COLUMN instance_uuid uuid;   -- the PBX of the place

-- The core's JSON shape of a person: what events carry (core/people/model.py).
CREATE FUNCTION person_json(p people) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'company_id', p.company_id, 'email', p.email, 'first_name', p.first_name,
        'last_name', p.last_name, 'owner', p.owner, 'active', p.active, 'timezone', p.timezone,
        'profile', p.profile, 'last_login_at', p.last_login_at, 'agent_id', p.agent_id, 'invited_at', p.invited_at,
        'invitation_expires_at', p.invitation_expires_at, 'invitation_accepted_at', p.invitation_accepted_at,
        'created_at', p.created_at, 'updated_at', p.updated_at)
$$;

-- Objects are merged key by key, at every depth; what is no object is replaced.
CREATE FUNCTION merge_json(old jsonb, new jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF jsonb_typeof(old) IS DISTINCT FROM 'object' OR jsonb_typeof(new) IS DISTINCT FROM 'object' THEN
        RETURN new;
    END IF;
    RETURN old || coalesce((
        SELECT jsonb_object_agg(one.key, merge_json(old -> one.key, one.value)) FROM jsonb_each(new) AS one), '{}');
END $$;

-- Logins

CREATE TABLE sessions (                         -- one a login; refresh tokens are kept as sha256
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    person_id bigint NOT NULL,
    token_hash bytea NOT NULL UNIQUE,           -- the refresh token in use
    next_hash bytea UNIQUE,                     -- the one offered in its place, until it is used
    previous_hash bytea,                        -- the one before: whoever shows it late has stolen it, or was robbed
    turned_at timestamptz,                      -- when the one before was replaced
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE
);
CREATE INDEX sessions_of_person ON sessions (company_id, person_id);
CREATE INDEX sessions_previous ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;

CREATE TABLE login_tries (                      -- logins that failed, by sha256 of who tried what
    key bytea PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL
);
CREATE INDEX login_tries_old ON login_tries (since);

-- The directory: people outside the company whom its users may call

CREATE TABLE directory_contacts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',             -- E.164 with +, or a short number
    email text NOT NULL DEFAULT '',
    profile jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
);

-- Lists show how many there are, at any size: counted as they come and go.

CREATE TABLE list_counts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    list text NOT NULL,                         -- people, directory_contacts; first_name: people by theirs
    key text NOT NULL DEFAULT '',
    total bigint NOT NULL,
    PRIMARY KEY (company_id, list, key)
) WITH (fillfactor = 50);

-- Always called in one order, so that two writers cannot wait for each other.
CREATE FUNCTION count_in_list(company bigint, its_list text, its_key text, difference bigint)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO list_counts AS c (company_id, list, key, total)
    SELECT company, its_list, its_key, difference WHERE EXISTS (SELECT FROM companies WHERE id = company)
    ON CONFLICT (company_id, list, key) DO UPDATE SET total = c.total + excluded.total
$$;

CREATE FUNCTION people_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, list, key, difference) FROM (
        SELECT company_id, 'first_name' AS list, lower(first_name) AS key, count(*) AS difference FROM came
        GROUP BY 1, 3
        UNION ALL
        SELECT company_id, 'people', '', count(*) FROM came GROUP BY 1
        ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION people_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, list, key, difference) FROM (
        SELECT company_id, 'first_name' AS list, lower(first_name) AS key, -count(*) AS difference FROM went
        GROUP BY 1, 3
        UNION ALL
        SELECT company_id, 'people', '', -count(*) FROM went GROUP BY 1
        ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION people_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, 'first_name', key, difference) FROM (
        SELECT company_id, key, sum(sign)::bigint AS difference FROM (
            SELECT company_id, lower(first_name) AS key, 1 AS sign FROM came
            UNION ALL SELECT company_id, lower(first_name), -1 FROM went) AS signed
        GROUP BY 1, 2 HAVING sum(sign) <> 0 ORDER BY 1, 2) AS changes;
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON people
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION people_came();
CREATE TRIGGER count_deleted AFTER DELETE ON people
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION people_went();
CREATE TRIGGER count_updated AFTER UPDATE ON people
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION people_changed();

CREATE FUNCTION directory_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, 'directory_contacts', '', difference)
    FROM (SELECT company_id, count(*) AS difference FROM came GROUP BY 1 ORDER BY 1) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION directory_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_in_list(company_id, 'directory_contacts', '', difference)
    FROM (SELECT company_id, -count(*) AS difference FROM went GROUP BY 1 ORDER BY 1) AS changes;
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON directory_contacts
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION directory_came();
CREATE TRIGGER count_deleted AFTER DELETE ON directory_contacts
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION directory_went();

INSERT INTO list_counts (company_id, list, total) SELECT company_id, 'people', count(*) FROM people GROUP BY 1;
INSERT INTO list_counts (company_id, list, key, total)
SELECT company_id, 'first_name', lower(first_name), count(*) FROM people GROUP BY 1, 3;
