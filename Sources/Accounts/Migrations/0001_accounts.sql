-- Names and addresses are kept as they were given. They are unique after compatibility normalisation and folding to lower
-- case, so that two users cannot look alike by width, ligature or case.
CREATE TABLE users (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text   NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 256),
    email      text   NOT NULL CHECK (octet_length(email) BETWEEN 3 AND 254),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX users_name_key ON users (lower(normalize(name, NFKC)));
CREATE UNIQUE INDEX users_email_key ON users (lower(normalize(email, NFKC)));

-- Of a token only the SHA-256 is kept: it has 256 random bits, so a fast digest is as good as a slow one.
CREATE TABLE api_tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text   NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 256),
    sha256       bytea  NOT NULL CHECK (octet_length(sha256) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX api_tokens_sha256_key ON api_tokens (sha256);
CREATE INDEX api_tokens_user ON api_tokens (user_id);
