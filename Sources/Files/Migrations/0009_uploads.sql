-- One row for each upload that can be resumed, from its creation until a day after its end. byte_offset tells how many bytes
-- are durable: it may lag behind the file, never run ahead of it.
--
-- There is no foreign key to users, for the reason that files has none. byte_offset, epoch and digest_state are in no index,
-- so that a checkpoint is a heap-only tuple.
CREATE TABLE uploads (
    id              uuid   PRIMARY KEY,
    owner_id        bigint NOT NULL,
    area            text   NOT NULL,
    kind            text   NOT NULL CHECK (kind IN ('whole', 'part', 'joined')),
    state           text   NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'finishing', 'joining', 'complete', 'dead')),
    -- NULL while the client has not told it.
    length          bigint CHECK (length >= 0),
    byte_offset     bigint NOT NULL DEFAULT 0 CHECK (byte_offset >= 0 AND byte_offset <= coalesce(length, byte_offset)),
    -- The fence: only the holder of this number moves byte_offset.
    epoch           bigint NOT NULL DEFAULT 0,
    -- SHA-256 over the first byte_offset bytes, before its end.
    digest_state    bytea  CHECK (octet_length(digest_state) = 104),
    -- As it was sent, checked.
    metadata        text   NOT NULL DEFAULT '' CHECK (octet_length(metadata) <= 4096),
    -- NULL for a part.
    name            text   CHECK (octet_length(name) BETWEEN 1 AND 255),
    content_type    text   NOT NULL,
    -- What the creation announced.
    expected_sha256 bytea  CHECK (octet_length(expected_sha256) = 32),
    -- Of a joined upload, in order; and of a part, what it has become part of.
    parts           uuid[],
    joined_into     uuid,
    -- What it became.
    file            uuid,
    -- The problem type that a dead one answers.
    failure         text,
    expires_at      timestamptz NOT NULL
) WITH (fillfactor = 70);

-- What takes a user's room, and counts as open.
CREATE INDEX uploads_open ON uploads (owner_id)
    WHERE state IN ('open', 'joining', 'finishing') OR (kind = 'part' AND state = 'complete' AND joined_into IS NULL);
-- Never with a predicate on byte_offset: that would end heap-only updates.
CREATE INDEX uploads_pending ON uploads (area, id) WHERE state IN ('finishing', 'joining');
CREATE INDEX uploads_expiry ON uploads (area, expires_at);
