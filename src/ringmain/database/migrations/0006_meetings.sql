-- Meetings

CREATE TABLE meetings (                         -- one row for each time that people meet
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    group_id bigint NOT NULL,                   -- shared by all that one rule made
    organizer_id bigint,                        -- NULL once the person is gone
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    occurs_at timestamptz NOT NULL,             -- when the rule has it: names it among its group in calendars
    timezone text NOT NULL,                     -- in which the rule was followed
    attendees jsonb NOT NULL,                   -- [{email, status, is_organizer}]
    room text NOT NULL,                         -- whoever knows it gets in: never guessable, shared by the group
    password text,
    recurrence jsonb,
    sequence integer NOT NULL DEFAULT 0,        -- how often those invited were told of a change
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, organizer_id) REFERENCES people ON DELETE SET NULL (organizer_id)
);
CREATE INDEX meetings_of_group ON meetings (company_id, group_id, starts_at);
CREATE INDEX meetings_of_room ON meetings (company_id, room);
CREATE INDEX meetings_of_organizer ON meetings (company_id, organizer_id) WHERE organizer_id IS NOT NULL;

-- The core's JSON shape of a meeting. Events carry it without the password.
CREATE FUNCTION meeting_json(m meetings) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', m.id, 'company_id', m.company_id, 'group_id', m.group_id, 'organizer_id', m.organizer_id,
        'title', m.title, 'description', m.description, 'starts_at', m.starts_at, 'ends_at', m.ends_at,
        'occurs_at', m.occurs_at, 'timezone', m.timezone, 'attendees', m.attendees, 'room', m.room,
        'password', m.password, 'recurrence', m.recurrence, 'sequence', m.sequence, 'created_at', m.created_at,
        'updated_at', m.updated_at)
$$;

-- Who sees which meeting, in the order of lists: '' stands for the whole company, others are e-mails in lower case.
CREATE TABLE meeting_viewers (
    company_id bigint NOT NULL,
    viewer text NOT NULL,
    starts_at timestamptz NOT NULL,
    meeting_id bigint NOT NULL,
    PRIMARY KEY (company_id, viewer, starts_at, meeting_id),
    FOREIGN KEY (company_id, meeting_id) REFERENCES meetings ON DELETE CASCADE
);
CREATE INDEX viewers_of_meeting ON meeting_viewers (company_id, meeting_id);

-- Lists show how many there are, at any size: by viewer and day (UTC).
CREATE TABLE meeting_counts (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    viewer text NOT NULL,
    day date NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (company_id, viewer, day)
) WITH (fillfactor = 50);

CREATE FUNCTION viewers_of(attendees jsonb) RETURNS TABLE (viewer text) LANGUAGE sql IMMUTABLE AS $$
    SELECT '' UNION SELECT lower(a ->> 'email') FROM jsonb_array_elements(attendees) AS a
$$;

-- Always in one order, so that two writers cannot wait for each other. A company that goes takes its counts along.
CREATE FUNCTION count_meetings(company bigint, its_viewer text, its_day date, difference bigint)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO meeting_counts AS c (company_id, viewer, day, total)
    SELECT company, its_viewer, its_day, difference WHERE EXISTS (SELECT FROM companies WHERE id = company)
    ON CONFLICT (company_id, viewer, day) DO UPDATE SET total = c.total + excluded.total
$$;

CREATE FUNCTION meetings_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO meeting_viewers (company_id, viewer, starts_at, meeting_id)
    SELECT m.company_id, v.viewer, m.starts_at, m.id FROM came m, viewers_of(m.attendees) AS v;
    PERFORM count_meetings(company_id, viewer, day, difference) FROM (
        SELECT company_id, viewer, (starts_at AT TIME ZONE 'UTC')::date AS day, count(*) AS difference
        FROM came, viewers_of(attendees) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION meetings_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_meetings(company_id, viewer, day, difference) FROM (
        SELECT company_id, viewer, (starts_at AT TIME ZONE 'UTC')::date AS day, -count(*) AS difference
        FROM went, viewers_of(attendees) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE FUNCTION meetings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM meeting_viewers v USING came m JOIN went w USING (company_id, id)
    WHERE v.company_id = m.company_id AND v.meeting_id = m.id
        AND (m.starts_at, m.attendees) IS DISTINCT FROM (w.starts_at, w.attendees);
    INSERT INTO meeting_viewers (company_id, viewer, starts_at, meeting_id)
    SELECT m.company_id, v.viewer, m.starts_at, m.id
    FROM came m JOIN went w USING (company_id, id), viewers_of(m.attendees) AS v
    WHERE (m.starts_at, m.attendees) IS DISTINCT FROM (w.starts_at, w.attendees);
    PERFORM count_meetings(company_id, viewer, day, difference) FROM (
        SELECT company_id, viewer, (starts_at AT TIME ZONE 'UTC')::date AS day, sum(sign)::bigint AS difference
        FROM (SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 FROM went) AS signed, viewers_of(attendees)
        GROUP BY 1, 2, 3 HAVING sum(sign) <> 0 ORDER BY 1, 2, 3) AS changes;
    RETURN NULL;
END $$;

CREATE TRIGGER seen_inserted AFTER INSERT ON meetings
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION meetings_came();
CREATE TRIGGER seen_deleted AFTER DELETE ON meetings
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION meetings_went();
CREATE TRIGGER seen_updated AFTER UPDATE ON meetings
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION meetings_changed();

-- Meetings follow their people to a new e-mail address.
CREATE FUNCTION person_of_meetings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meetings SET attendees = (
        SELECT jsonb_agg(CASE WHEN lower(one.a ->> 'email') = lower(OLD.email)
            THEN one.a || jsonb_build_object('email', NEW.email) ELSE one.a END ORDER BY one.position)
        FROM jsonb_array_elements(attendees) WITH ORDINALITY AS one (a, position))
    WHERE company_id = NEW.company_id AND id IN (
        SELECT meeting_id FROM meeting_viewers WHERE company_id = NEW.company_id AND viewer = lower(OLD.email));
    RETURN NULL;
END $$;
CREATE TRIGGER person_of_meetings AFTER UPDATE OF email ON people
    FOR EACH ROW WHEN (lower(OLD.email) <> lower(NEW.email)) EXECUTE FUNCTION person_of_meetings();

CREATE TABLE meeting_recordings (               -- of a room; it outlives the meeting
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    room text NOT NULL,
    file_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, room, file_id),
    FOREIGN KEY (company_id, file_id) REFERENCES files ON DELETE CASCADE
);

-- Calendars of people at Google and Outlook. Tokens are sealed with a key that is not in the database.

CREATE TABLE calendar_connections (
    company_id bigint NOT NULL,
    person_id bigint NOT NULL,
    provider text NOT NULL CHECK (provider IN ('google', 'outlook')),
    account text NOT NULL,                      -- the e-mail address that the calendar is known by
    access_token text NOT NULL,
    refresh_token text,
    expires_at timestamptz NOT NULL,            -- of the access token
    refreshing_until timestamptz,               -- a process is getting new tokens
    connected_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, person_id, provider),
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE
);

CREATE TABLE calendar_requests (                -- people who were sent to a provider and have not come back
    state_hash bytea PRIMARY KEY,               -- sha256 of what they bring back; it works once
    company_id bigint NOT NULL,
    person_id bigint NOT NULL,
    provider text NOT NULL,
    verifier text NOT NULL,                     -- PKCE (RFC 7636), sealed
    nonce text NOT NULL,
    redirect_url text NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (company_id, person_id) REFERENCES people ON DELETE CASCADE
);
CREATE INDEX calendar_requests_of_person ON calendar_requests (company_id, person_id, provider, expires_at);
CREATE INDEX calendar_requests_over ON calendar_requests (expires_at);
