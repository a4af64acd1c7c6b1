-- What the files of each user with a quota take, and what they may. Changed in the transaction that adds or deletes files,
-- under the row's lock, so that a quota cannot be exceeded. Users without one have no row.
CREATE TABLE file_usage (
    owner_id   bigint PRIMARY KEY,
    bytes      bigint NOT NULL CHECK (bytes >= 0),
    files      bigint NOT NULL CHECK (files >= 0),
    -- Grows with each change, so that a copy elsewhere can tell which of two is newer.
    version    bigint NOT NULL DEFAULT 1,
    -- NULL: as the settings say.
    byte_limit bigint CHECK (byte_limit >= 0),
    file_limit bigint CHECK (file_limit >= 0)
) WITH (fillfactor = 50);
