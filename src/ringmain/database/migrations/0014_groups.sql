-- Groups: extensions that are rung together or one after the other (core/groups).

CREATE TABLE groups (
    company_id bigint NOT NULL REFERENCES companies ON DELETE CASCADE,
    id bigint NOT NULL DEFAULT new_id(),
    instance_id bigint NOT NULL,
    number integer NOT NULL,                    -- dialled as an extension's is; never one of its instance's
    name text NOT NULL,
    strategy text NOT NULL CHECK (strategy IN ('simultaneous', 'sequential')),
    ring_s smallint NOT NULL,                   -- how long each offer rings
    otherwise text NOT NULL CHECK (otherwise IN ('hang_up', 'voicemail', 'forward')),
    otherwise_to text NOT NULL,                 -- an extension's number or a telephone number; '' to hang up
    tags text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, instance_id, number),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE
);

CREATE TABLE group_members (
    company_id bigint NOT NULL,
    group_id bigint NOT NULL,
    position smallint NOT NULL,
    extension_id bigint NOT NULL,
    PRIMARY KEY (company_id, group_id, extension_id),
    FOREIGN KEY (company_id, group_id) REFERENCES groups ON DELETE CASCADE,
    FOREIGN KEY (company_id, extension_id) REFERENCES extensions ON DELETE CASCADE
);
CREATE INDEX group_members_of_extension ON group_members (company_id, extension_id);

-- The core's JSON shape of a group: what events carry and what reads return.
CREATE FUNCTION group_json(g groups) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(g) || jsonb_build_object('members', coalesce((
        SELECT jsonb_agg(e.number ORDER BY m.position)
        FROM group_members m JOIN extensions e ON e.company_id = m.company_id AND e.id = m.extension_id
        WHERE m.company_id = g.company_id AND m.group_id = g.id), '[]'))
$$;
