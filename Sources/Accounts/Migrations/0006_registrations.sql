-- A mail to whoever has the address that somebody tried to register with.
CREATE TABLE registration_notices (
    id         uuid   PRIMARY KEY,
    -- NULL where nobody has it: both cases do the same work.
    user_id    bigint REFERENCES users (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

CREATE INDEX registration_notices_user ON registration_notices (user_id);
CREATE INDEX registration_notices_expiry ON registration_notices (expires_at);
