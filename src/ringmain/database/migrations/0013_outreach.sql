-- Outreach: reminders of appointments, by text, call and mail, which their recipients confirm or cancel.

CREATE TABLE outreach_profiles (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    name text NOT NULL,
    settings jsonb NOT NULL,                    -- core/outreach/model.py, ProfileSettings
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX outreach_profiles_name ON outreach_profiles (company_id, lower(name)) WHERE deleted_at IS NULL;

CREATE TABLE outreach_reminders (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    profile_id bigint NOT NULL,
    name text NOT NULL,                         -- who is reminded
    phone_number text NOT NULL,                 -- E.164 with +, or ''
    email_address text NOT NULL,                -- or ''
    reminder_date timestamptz NOT NULL,         -- when the appointment is
    reference text NOT NULL,                    -- the company's own word for it
    sms boolean NOT NULL,                       -- the channels that are wanted
    voice boolean NOT NULL,
    email boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('scheduled', 'waiting', 'confirmed', 'cancelled', 'expired')),
    sms_state text NOT NULL,
    call_state text NOT NULL,
    email_state text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,         -- attempts that were begun
    planned_at timestamptz NOT NULL,            -- when it was made, or its date was last moved
    lead_at timestamptz,                        -- since then: the beginning of the lead time that is under way,
    lead_attempts integer NOT NULL DEFAULT 0,   -- how many attempts it had,
    attempted_at timestamptz,                   -- and when the last one began
    attempting boolean NOT NULL DEFAULT false,  -- the last attempt is not over: a further channel may be tried
    leased boolean NOT NULL DEFAULT false,      -- somebody works on it until `due_at`
    due_at timestamptz,                         -- next attempt, the date itself, or the end of a lease; NULL when over
    claim integer NOT NULL DEFAULT 0,           -- the token of who works on it; every change takes it away from them
    texted_from text,                           -- our number that a text of the present plan came from
    texted_at timestamptz,
    log jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, profile_id) REFERENCES outreach_profiles
) WITH (fillfactor = 70);
CREATE INDEX outreach_reminders_due ON outreach_reminders (due_at) WHERE due_at IS NOT NULL;
-- One for each combination that lists are asked for: any page is found in an index alone.
CREATE INDEX outreach_reminders_date ON outreach_reminders (company_id, reminder_date, id);
CREATE INDEX outreach_reminders_profile ON outreach_reminders (company_id, profile_id, reminder_date, id);
CREATE INDEX outreach_reminders_state ON outreach_reminders (company_id, state, reminder_date, id);
CREATE INDEX outreach_reminders_profile_state
    ON outreach_reminders (company_id, profile_id, state, reminder_date, id);
CREATE INDEX outreach_reminders_texted ON outreach_reminders (company_id, phone_number, texted_from, texted_at)
    WHERE state IN ('scheduled', 'waiting') AND texted_from IS NOT NULL;

-- One try of one channel: written before it is made, its result after.
CREATE TABLE outreach_attempts (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),        -- a text's reference is made from it: the same however often it is sent
    reminder_id bigint NOT NULL,
    number integer NOT NULL,                    -- of the attempt; each has one row for each channel that it tried
    channel text NOT NULL CHECK (channel IN ('sms', 'voice', 'email')),
    sender text NOT NULL,                       -- our number that it is texted or called from
    recipient text NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,                         -- what is said; the same if it must be sent again
    result text,                                -- NULL while it is not known
    mail_id bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, reminder_id) REFERENCES outreach_reminders ON DELETE CASCADE
);
CREATE INDEX outreach_attempts_of_reminder ON outreach_attempts (company_id, reminder_id, number);
CREATE INDEX outreach_attempts_mail ON outreach_attempts (company_id, mail_id) WHERE mail_id IS NOT NULL;

-- What came of texts and mails, and short texts from people who were reminded, until an engine has read it. Triggers
-- write it where the fact is written; they touch no row that somebody else may be working on.
CREATE TABLE outreach_news (
    id bigint PRIMARY KEY DEFAULT new_id(),
    company_id bigint NOT NULL,
    attempt_id bigint,                          -- what became of it is `state`; or else
    state text,
    message_id bigint,                          -- a text that came in, for the reminders of this pair of numbers
    sender text,
    recipient text,
    text text
);

CREATE FUNCTION outreach_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outreach_news (company_id, attempt_id, state)
    SELECT a.company_id, a.id, NEW.state FROM outreach_attempts a
    WHERE a.company_id = NEW.company_id AND a.id = substring(NEW.reference FROM '^outreach:(\d{1,16})$')::bigint;
    RETURN NULL;
END $$;
CREATE TRIGGER outreach_text_changed AFTER UPDATE OF state ON messages FOR EACH ROW
    WHEN (starts_with(NEW.reference, 'outreach:') AND NEW.state IN ('sent', 'delivered', 'failed', 'unknown')
        AND NEW.state <> OLD.state)
    EXECUTE FUNCTION outreach_text_changed();

CREATE FUNCTION outreach_text_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outreach_news (company_id, message_id, sender, recipient, text)
    SELECT NEW.company_id, NEW.id, NEW.sender, NEW.recipients[1], NEW.text
    WHERE EXISTS (
        SELECT FROM outreach_reminders r
        WHERE r.company_id = NEW.company_id AND r.phone_number = NEW.sender AND r.texted_from = NEW.recipients[1]
            AND r.state IN ('scheduled', 'waiting'));
    RETURN NULL;
END $$;
-- What a carrier did not bring was written elsewhere, some time ago: it answers nothing.
CREATE TRIGGER outreach_text_came AFTER INSERT ON messages FOR EACH ROW
    WHEN (NEW.direction = 'inbound' AND NEW.carrier IS NOT NULL AND length(NEW.text) <= 40)
    EXECUTE FUNCTION outreach_text_came();

CREATE FUNCTION outreach_mail_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outreach_news (company_id, attempt_id, state)
    SELECT a.company_id, a.id, CASE NEW.state WHEN 'sent' THEN 'sent' ELSE 'failed' END FROM outreach_attempts a
    WHERE a.company_id = NEW.company_id AND a.mail_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER outreach_mail_ended AFTER UPDATE OF state ON mails FOR EACH ROW
    WHEN (NEW.state IN ('sent', 'failed', 'dead') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION outreach_mail_ended();

-- The core's JSON shape of a reminder: what events carry (core/outreach/model.py).
CREATE FUNCTION reminder_json(r outreach_reminders) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', r.id, 'company_id', r.company_id, 'profile_id', r.profile_id, 'name', r.name,
        'phone_number', r.phone_number, 'email_address', r.email_address, 'reminder_date', r.reminder_date,
        'reference', r.reference, 'sms', r.sms, 'voice', r.voice, 'email', r.email, 'state', r.state,
        'sms_state', r.sms_state, 'call_state', r.call_state, 'email_state', r.email_state,
        'confirmed', r.state = 'confirmed', 'cancelled', r.state = 'cancelled', 'attempt', r.attempt,
        'next_at', CASE WHEN r.state = 'scheduled' AND NOT r.leased THEN r.due_at END,
        'event_log', r.log, 'created_at', r.created_at, 'updated_at', r.updated_at)
$$;
