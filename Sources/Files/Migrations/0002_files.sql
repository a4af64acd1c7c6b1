CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- One row for each file that was accepted. The identifier is a UUIDv7 whose time is the time of acceptance, so there is no
-- column for that time and the order by id is the order by age.
--
-- owner_id has no foreign key on purpose: checking one locks the user's row for every file, and concurrent uploads of one
-- user would meet on that lock.
--
-- state and stored_at are in no index, and the pages keep room: then the one update in the life of most files (staged to
-- stored) is a heap-only tuple and touches no index at all.
CREATE TABLE files (
    id           uuid   PRIMARY KEY,
    owner_id     bigint NOT NULL,
    size         bigint NOT NULL CHECK (size >= 0),
    stored_at    timestamptz,
    state        text   NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'stored', 'failed', 'deleting')),
    sha256       bytea  NOT NULL CHECK (octet_length(sha256) = 32),
    name         text   NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
    content_type text   NOT NULL,
    key          text   NOT NULL,
    area         text   NOT NULL,
    -- Where the bytes are until the file is stored: the name below ready/ in the area (the file's own id, or that of the pack
    -- it shares with others), and where in it they begin.
    container    uuid   NOT NULL,
    byte_offset  bigint NOT NULL CHECK (byte_offset >= 0),
    failure      text
) WITH (fillfactor = 60);

CREATE INDEX files_owner_created ON files (owner_id, id);
CREATE INDEX files_owner_name ON files (owner_id, lower(name) COLLATE "C", id);
CREATE INDEX files_owner_size ON files (owner_id, size, id);

-- Substring search within one owner. New entries wait in a list that searches read as well, and enter the index many at a
-- time, which costs a fraction of entering a few at a time (docs/performance.md). FileIntake empties the list beside the
-- uploads before it reaches this limit (in KiB), at which the upload that happens to reach it would have to.
CREATE INDEX files_owner_name_trigrams ON files USING gin (owner_id, name gin_trgm_ops)
    WITH (fastupdate = on, gin_pending_list_limit = 2048);

-- The files that are not stored. This, not an index over the state, is what Reconcile reads (see above), and what tells
-- whether a container is still needed. Always changed in the same transaction as files.state.
CREATE TABLE files_outstanding (
    file      uuid    PRIMARY KEY,
    container uuid    NOT NULL,
    -- The transfer was given up (state failed): the bytes are kept, and no worker is needed.
    given_up  boolean NOT NULL DEFAULT false
);

CREATE INDEX files_outstanding_container ON files_outstanding (container);
