-- Grants: logins and API keys that mint access tokens; second factors; who manages a company beside its owner

ALTER TABLE people
    ADD COLUMN admin boolean NOT NULL DEFAULT false,   -- manages the company like its owner
    ADD COLUMN login text;                             -- logs in by this name too
CREATE UNIQUE INDEX people_login_name ON people (company_id, lower(login)) WHERE login IS NOT NULL;
CREATE INDEX people_login_names ON people (lower(login), id) WHERE active AND password_hash IS NOT NULL;

CREATE OR REPLACE FUNCTION person_json(p people) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'company_id', p.company_id, 'email', p.email, 'login', p.login, 'first_name', p.first_name,
        'last_name', p.last_name, 'owner', p.owner, 'admin', p.admin, 'active', p.active, 'timezone', p.timezone,
        'profile', p.profile, 'last_login_at', p.last_login_at, 'agent_id', p.agent_id, 'invited_at', p.invited_at,
        'invitation_expires_at', p.invitation_expires_at, 'invitation_accepted_at', p.invitation_accepted_at,
        'created_at', p.created_at, 'updated_at', p.updated_at)
$$;

ALTER TABLE api_keys ADD COLUMN last_used_at timestamptz;   -- when tokens were last minted from it

CREATE TABLE grants (                           -- one a login or use of a key; access tokens live no longer than it
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    person_id bigint NOT NULL,
    audience text NOT NULL,                     -- the dialect whose tokens these are
    key_id bigint,                              -- the key that it was minted from; NULL: a password
    expires_at timestamptz NOT NULL,            -- when the last of its refresh tokens does
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE,
    FOREIGN KEY (company_id, key_id) REFERENCES api_keys ON DELETE CASCADE
);
CREATE INDEX grants_of_person ON grants (company_id, person_id);
CREATE INDEX grants_of_key ON grants (company_id, key_id) WHERE key_id IS NOT NULL;
CREATE INDEX grants_over ON grants (expires_at);

CREATE TABLE refresh_tokens (                   -- each works until it expires: answers get lost, and clients are simple
    token_hash bytea PRIMARY KEY,               -- sha256: the token has 256 random bits
    company_id bigint NOT NULL,
    grant_id bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (company_id, grant_id) REFERENCES grants ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_of_grant ON refresh_tokens (company_id, grant_id);
CREATE INDEX refresh_tokens_over ON refresh_tokens (expires_at);

CREATE TABLE one_time_codes (                   -- a second factor (RFC 6238); on once it is confirmed
    company_id bigint NOT NULL,
    person_id bigint NOT NULL,
    secret text NOT NULL,                       -- base32; a code cannot be checked without it
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,        -- of the newest code used: none works twice
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, person_id),
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE
);
