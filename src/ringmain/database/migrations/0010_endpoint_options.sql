-- What a vendor's notifications need beside an address: a name for logs, templates, headers, credentials.

ALTER TABLE endpoints ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN options jsonb NOT NULL DEFAULT '{}';  -- the face's own; never shown to operators
