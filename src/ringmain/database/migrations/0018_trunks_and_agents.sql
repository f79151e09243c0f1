-- SMS trunks: what is set of a number that texts. A number without a row here has what is usual.
CREATE TABLE trunks (
    company_id bigint NOT NULL,
    number_id bigint NOT NULL,
    name text NOT NULL DEFAULT '',
    service text NOT NULL DEFAULT '',           -- who carries its texts, as its owner says it
    country text NOT NULL DEFAULT '',           -- how numbers are written there: ISO 3166, or '' for the company's
    inbound_format text NOT NULL DEFAULT '',
    outbound_format text NOT NULL DEFAULT '',
    send_name boolean NOT NULL DEFAULT false,
    group_mode boolean NOT NULL DEFAULT false,
    session_timeout integer NOT NULL DEFAULT 0, -- seconds for which a chat is its last author's alone
    extension_ids bigint[] NOT NULL DEFAULT '{}',   -- who texts from it: the number's owners say so for those with a user
    opt_out jsonb,                              -- a keyword that is obeyed as STOP is, and the answer to both
    auto_replies jsonb NOT NULL DEFAULT '[]',   -- keywords and their answers
    status integer NOT NULL DEFAULT 2,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, number_id),
    FOREIGN KEY (company_id, number_id) REFERENCES numbers ON DELETE CASCADE
);

-- Machines that answer calls, each at an extension of its own.
CREATE TABLE agents (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    extension_id bigint NOT NULL,
    behaviour jsonb NOT NULL DEFAULT '{}',      -- greeting, language, prompt
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, extension_id),
    FOREIGN KEY (company_id, extension_id) REFERENCES extensions ON DELETE CASCADE
);
