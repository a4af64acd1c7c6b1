ALTER TABLE users
    ADD COLUMN full_name           text    NOT NULL DEFAULT '' CHECK (octet_length(full_name) <= 512),
    -- Of the form $scrypt$ln=15,r=8,p=3$<salt>$<hash>; none for a user who has only API tokens.
    ADD COLUMN password            text    CHECK (octet_length(password) BETWEEN 1 AND 256),
    ADD COLUMN password_changed_at timestamptz,
    ADD COLUMN is_admin            boolean NOT NULL DEFAULT false,
    ADD COLUMN disabled_at         timestamptz;

-- A mail with a code that has been asked for. The code is computed from the row and a key that is not in the database.
CREATE TABLE login_challenges (
    id         uuid     PRIMARY KEY,
    nonce      bytea    NOT NULL CHECK (octet_length(nonce) = 32),
    user_id    bigint   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the identifier of the one session in which the code counts.
    session    bytea    NOT NULL CHECK (octet_length(session) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    tries      smallint NOT NULL DEFAULT 0,
    -- How often the code was handed out to be mailed.
    sent       smallint NOT NULL DEFAULT 0,
    used_at    timestamptz,
    voided_at  timestamptz
);

-- Of the codes of a user only the last one counts.
CREATE UNIQUE INDEX login_challenges_open_key ON login_challenges (user_id) WHERE used_at IS NULL AND voided_at IS NULL;
CREATE INDEX login_challenges_session ON login_challenges (session);
CREATE INDEX login_challenges_expiry ON login_challenges (expires_at);

-- A mail with a link to set a new password. The token in the link is computed like a code; its digest is for finding the row.
CREATE TABLE password_resets (
    id         uuid   PRIMARY KEY,
    nonce      bytea  NOT NULL CHECK (octet_length(nonce) = 32),
    sha256     bytea  NOT NULL CHECK (octet_length(sha256) = 32),
    -- NULL for an address that nobody has: both cases do the same work.
    user_id    bigint REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    voided_at  timestamptz
);

CREATE UNIQUE INDEX password_resets_sha256_key ON password_resets (sha256);
CREATE INDEX password_resets_user ON password_resets (user_id);
CREATE INDEX password_resets_expiry ON password_resets (expires_at);

-- Browsers in which a user has signed in before. Guesses from elsewhere cannot lock them out.
CREATE TABLE known_devices (
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sha256       bytea  NOT NULL CHECK (octet_length(sha256) = 32),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, sha256)
);

CREATE INDEX known_devices_last_use ON known_devices (last_used_at);

-- Who did what, and when. No reference to users, so that the trace outlives them.
CREATE TABLE audit_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    kind    text   NOT NULL CHECK (octet_length(kind) BETWEEN 1 AND 64),
    user_id bigint,
    network text   NOT NULL CHECK (octet_length(network) <= 64),
    detail  jsonb  NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_user ON audit_events (user_id, at);

CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are not changed' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse();
