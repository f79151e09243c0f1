-- Mail: a work list like submissions. Any node with the mail role takes from it.

CREATE TABLE mails (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),        -- its Message-ID is made from it: the same on every try
    recipients text[] NOT NULL,                 -- what stands in To
    pending text[] NOT NULL,                    -- those of them whom it has yet to reach
    refused text[] NOT NULL DEFAULT '{}',       -- those whose servers will never take it
    subject text NOT NULL,
    text text NOT NULL,
    reply_to text,
    calendar_method text,
    calendar text,                              -- iCalendar, for invitations
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dead')),
    due_at timestamptz DEFAULT now(),           -- next try, or end of the lease of the running one; NULL when over
    attempts integer NOT NULL DEFAULT 0,
    error_text text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
) WITH (fillfactor = 70);
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_over ON mails (updated_at) WHERE due_at IS NULL;

CREATE TABLE mail_attachments (                 -- kept until the mail is over
    company_id bigint NOT NULL,
    mail_id bigint NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    mimetype text NOT NULL,
    file_id bigint,                             -- a stored file, or else
    content bytea,                              -- the content itself
    PRIMARY KEY (company_id, mail_id, position),
    FOREIGN KEY (company_id, mail_id) REFERENCES mails ON DELETE CASCADE,
    CHECK ((file_id IS NULL) <> (content IS NULL))
);
