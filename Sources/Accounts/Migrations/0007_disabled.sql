-- Whose sessions are ended again and again: those of users who were disabled while Redis was away.
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled_at IS NOT NULL;
