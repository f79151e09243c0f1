-- Long inbound texts that were whole. The carrier sends a part again when a process ended before it acknowledged it: that
-- part is known by what it holds, and is no text of its own.

CREATE TABLE joined_parts (
    carrier text NOT NULL,
    source text NOT NULL,
    destination text NOT NULL,
    reference integer NOT NULL,
    total smallint NOT NULL,
    digests bytea[] NOT NULL,                   -- sha256 of each part's payload, in their order
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (carrier, source, destination, reference, total)
);
CREATE INDEX joined_parts_by_age ON joined_parts (joined_at);
