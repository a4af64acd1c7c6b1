-- What a request with an Idempotency-Key was answered, committed together with the files of which the answer speaks.
CREATE TABLE replies (
    owner_id    bigint NOT NULL,
    -- SHA-256 of the key, and of method and path.
    key         bytea  NOT NULL CHECK (octet_length(key) = 32),
    request     bytea  NOT NULL CHECK (octet_length(request) = 32),
    -- Who runs the request: the fence. And until when nobody else may.
    claim       uuid   NOT NULL,
    lease_until timestamptz NOT NULL,
    -- A digest over what was sent, once it is known; with the answer.
    content     bytea  CHECK (octet_length(content) = 32),
    status      smallint,
    location    text,
    body        bytea  CHECK (octet_length(body) <= 1048576),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (owner_id, key)
);

CREATE INDEX replies_expiry ON replies (expires_at);
