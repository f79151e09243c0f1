-- Extensions as users of an app: whether they may use it, what is shown of them, where their calls go, their devices.

ALTER TABLE extensions
    ADD COLUMN activation text NOT NULL DEFAULT 'active' CHECK (activation IN ('active', 'inactive', 'blocked')),
    ADD COLUMN attached_to bigint,              -- the extension whose user has this one beside it: then it is inactive
    ADD COLUMN forwarding jsonb NOT NULL DEFAULT '{}',  -- the core's Forwarding
    ADD COLUMN profile jsonb NOT NULL DEFAULT '{}',     -- position, buttons, ...: what dialects show, no logic reads it
    ADD FOREIGN KEY (company_id, attached_to) REFERENCES extensions ON DELETE SET NULL (attached_to),
    ADD CHECK (attached_to IS NULL OR activation = 'inactive');
CREATE INDEX extensions_attached ON extensions (company_id, attached_to) WHERE attached_to IS NOT NULL;

-- Extensions that were deleted can be had back for a day, with what was theirs.
CREATE TABLE deleted_extensions (
    company_id bigint NOT NULL,
    id bigint NOT NULL,
    instance_id bigint NOT NULL,
    number integer NOT NULL,
    extension jsonb NOT NULL,                   -- its row
    voicemail_ids bigint[] NOT NULL,
    line_ids bigint[] NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE CASCADE
);
CREATE INDEX deleted_extensions_number ON deleted_extensions (company_id, number, deleted_at);

-- What phones registered when, as their PBX tells.
CREATE TABLE registrations (
    company_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT new_id(),
    extension_id bigint NOT NULL,
    device_id bigint NOT NULL,                  -- the id of the device's first registration
    reference text NOT NULL,                    -- the PBX's own id of the device
    user_agent text NOT NULL,
    address text NOT NULL,
    push boolean NOT NULL,                      -- it sleeps, and is woken for calls
    registered_at timestamptz NOT NULL DEFAULT now(),
    unregistered_at timestamptz,                -- NULL while it is registered
    forgotten boolean NOT NULL DEFAULT false,   -- the device was taken off the list of devices
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, extension_id) REFERENCES extensions ON DELETE CASCADE
);
CREATE INDEX registrations_device ON registrations (company_id, extension_id, reference, id) WHERE NOT forgotten;
CREATE INDEX registrations_open ON registrations (company_id, extension_id, reference) WHERE unregistered_at IS NULL;
CREATE INDEX registrations_history ON registrations (company_id, extension_id, registered_at);

-- The sandbox's phones say what they are.
ALTER TABLE sandbox_subscribers ADD COLUMN devices jsonb NOT NULL DEFAULT '[]';

-- Contacts of a part of the company, and those who shall not reach it.

ALTER TABLE directory_contacts
    ADD COLUMN other_numbers text[] NOT NULL DEFAULT '{}',  -- beside `phone`, in the same form
    ADD COLUMN instance_id bigint,              -- whose users it is for; NULL: everybody's
    ADD COLUMN blocked_at timestamptz,
    ADD FOREIGN KEY (company_id, instance_id) REFERENCES instances ON DELETE SET NULL (instance_id);
CREATE INDEX directory_contacts_phone ON directory_contacts (company_id, phone);
CREATE INDEX directory_contacts_blocked ON directory_contacts USING gin ((other_numbers || phone))
    WHERE blocked_at IS NOT NULL;
