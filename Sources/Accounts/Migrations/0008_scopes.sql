-- What a token may be used for. Tokens of earlier versions, and those that processes of earlier versions make meanwhile, go on as they were.
ALTER TABLE api_tokens
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,write,delete}'
        CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'write', 'delete']);
