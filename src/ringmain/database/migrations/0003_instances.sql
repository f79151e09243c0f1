-- PBX instances and their extensions

CREATE TABLE instances (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    uuid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    name text NOT NULL,                         -- its host name, and what `ringmain apply` knows it by
    adapter text NOT NULL DEFAULT 'sandbox',    -- the kind of PBX behind it: sandbox, ...
    settings jsonb NOT NULL DEFAULT '{}',       -- the adapter's own
    domain text NOT NULL,                       -- where phones register
    outbound_proxy text NOT NULL DEFAULT '',    -- where phones send first; '' is the domain itself
    profile jsonb NOT NULL DEFAULT '{}',        -- account code, addresses, ...: what dialects show, no logic reads it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, name)
);

CREATE TABLE extensions (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    instance_id bigint NOT NULL,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 999999999),
    name text NOT NULL DEFAULT '',
    purpose text NOT NULL DEFAULT 'unassigned'
        CHECK (purpose IN ('ip-phone', 'mobile-app', 'softphone', 'unassigned')),
    person_id bigint,                           -- its user
    location_id bigint,
    caller_name text,                           -- what called parties outside see; NULL: not set
    caller_number text,
    data jsonb NOT NULL DEFAULT '{}',           -- what was set of the PBX's keys: laid over the template
    reserved jsonb,                             -- the phone model that it is kept for
    secret text NOT NULL,                       -- SIP password; phones must be told it, so it is no hash
    subscriber_state text NOT NULL DEFAULT 'UNREGISTERED',
    call_status text NOT NULL DEFAULT 'idle',
    user_name text,                             -- of its user, lower case: kept by triggers, for order and search
    user_email text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The instance is a lexeme of its own, so that one index answers "this word in this instance".
    search tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', number::text || ' ' || name || ' ' || coalesce(data->>'description', '') || ' '
            || coalesce(user_name, '') || ' ' || coalesce(user_email, '') || ' '
            || coalesce(translate(user_email, '@.-_+', '     '), ''))
        || array_to_tsvector(ARRAY['instance:' || instance_id::text])) STORED,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, instance_id, number),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE,
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE SET NULL (person_id),
    FOREIGN KEY (company_id, location_id) REFERENCES locations ON DELETE SET NULL (location_id)
) WITH (fillfactor = 80);
CREATE INDEX extensions_purpose ON extensions (company_id, instance_id, purpose, number);
CREATE INDEX extensions_user ON extensions (company_id, instance_id, user_name, number);
CREATE INDEX extensions_purpose_user ON extensions (company_id, instance_id, purpose, user_name, number);
CREATE INDEX extensions_of_person ON extensions (company_id, person_id, instance_id, number)
    WHERE person_id IS NOT NULL;
CREATE INDEX extensions_of_location ON extensions (company_id, location_id) WHERE location_id IS NOT NULL;
CREATE INDEX extensions_mailbox ON extensions (company_id, instance_id, lower(data->>'voicemail_email'))
    WHERE data ? 'voicemail_email';
CREATE INDEX extensions_search ON extensions USING gin (search);

-- Lists show how many there are, at any size: counted as they come and go.
CREATE TABLE extension_counts (
    company_id bigint NOT NULL,
    instance_id bigint NOT NULL,
    purpose text NOT NULL,
    has_user boolean NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, instance_id, purpose, has_user),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE
) WITH (fillfactor = 50);

-- Always in one order, so that two writers cannot wait for each other. An instance that goes takes its counts along.
CREATE FUNCTION count_extensions(company bigint, instance bigint, its_purpose text, with_user boolean, difference bigint)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO extension_counts AS c (company_id, instance_id, purpose, has_user, total)
    SELECT company, instance, its_purpose, with_user, difference
    WHERE EXISTS (SELECT FROM instances WHERE company_id = company AND id = instance)
    ON CONFLICT (company_id, instance_id, purpose, has_user) DO UPDATE SET total = c.total + excluded.total
$$;

CREATE FUNCTION extensions_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_extensions(company_id, instance_id, purpose, has_user, difference) FROM (
        SELECT company_id, instance_id, purpose, person_id IS NOT NULL AS has_user, count(*) AS difference
        FROM came GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION extensions_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_extensions(company_id, instance_id, purpose, has_user, difference) FROM (
        SELECT company_id, instance_id, purpose, person_id IS NOT NULL AS has_user, -count(*) AS difference
        FROM went GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION extensions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_extensions(company_id, instance_id, purpose, has_user, difference) FROM (
        SELECT company_id, instance_id, purpose, person_id IS NOT NULL AS has_user, sum(sign)::bigint AS difference
        FROM (SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 FROM went) AS signed
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 ORDER BY 1, 2, 3, 4) AS changes;
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON extensions
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION extensions_came();
CREATE TRIGGER count_deleted AFTER DELETE ON extensions
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION extensions_went();
CREATE TRIGGER count_updated AFTER UPDATE ON extensions
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION extensions_changed();

-- An extension's user is found and ordered by name and e-mail, which follow the person.
CREATE FUNCTION extension_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.user_name := NULL;
    NEW.user_email := NULL;
    SELECT lower(btrim(first_name || ' ' || last_name)), lower(email) INTO NEW.user_name, NEW.user_email
    FROM people WHERE company_id = NEW.company_id AND id = NEW.person_id;
    RETURN NEW;
END $$;
CREATE TRIGGER extension_user BEFORE INSERT OR UPDATE OF person_id ON extensions
    FOR EACH ROW EXECUTE FUNCTION extension_user();

CREATE FUNCTION person_of_extensions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE extensions SET user_name = lower(btrim(NEW.first_name || ' ' || NEW.last_name)), user_email = lower(NEW.email)
    WHERE company_id = NEW.company_id AND person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER person_of_extensions AFTER UPDATE ON people
    FOR EACH ROW
    WHEN ((OLD.first_name, OLD.last_name, OLD.email) IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.email))
    EXECUTE FUNCTION person_of_extensions();

-- The sandbox PBX: what the operator says that its phones and queues do.

CREATE TABLE sandbox_subscribers (
    company_id bigint NOT NULL,
    instance_id bigint NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    call_status text NOT NULL,
    PRIMARY KEY (company_id, instance_id, number),
    FOREIGN KEY (company_id, instance_id, number) REFERENCES extensions (company_id, instance_id, number)
        ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE sandbox_queues (
    company_id bigint NOT NULL,
    instance_id bigint NOT NULL,
    number integer NOT NULL,
    status jsonb NOT NULL,                      -- the core's QueueStatus
    PRIMARY KEY (company_id, instance_id, number),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE
);
