-- What a text writes on its way. An update that changes nothing that is indexed, and finds room on the row's own page,
-- writes no index at all: so pages of what is updated soon after it was made are begun half empty.

-- Submissions: kept by their message, which is how they are looked for. A claim is a lease beside `due_at`, not in it.
ALTER TABLE submissions ADD COLUMN leased_until timestamptz;    -- a process has it until then
ALTER TABLE submission_parts ADD COLUMN message_id bigint;
-- What is settled needs it no more.
UPDATE submission_parts p SET message_id = s.message_id FROM submissions s
WHERE s.company_id = p.company_id AND s.id = p.submission_id AND s.state NOT IN ('delivered', 'failed');
ALTER TABLE submissions DROP CONSTRAINT submissions_pkey;
ALTER TABLE submissions ADD PRIMARY KEY (company_id, message_id, id);
DROP INDEX submissions_of_message;
ALTER TABLE submissions SET (fillfactor = 50);

-- Messages: what became of one is written once.
ALTER TABLE messages SET (fillfactor = 50);
