-- Gives the user :name :count stored files, ten of which have "needle" in their name.
INSERT INTO files (id, owner_id, size, state, stored_at, sha256, name, content_type, key, area)
SELECT
    -- A UUIDv7 a millisecond after the last: RFC 9562, section 5.7.
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - :count + n), 12, '0')
        || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
    users.id, 4096, 'stored', now(), sha256(n::text::bytea),
    CASE WHEN n % (:count / 10) = 0 THEN 'needle' ELSE 'report' END || '-' || n || '.pdf',
    'application/pdf', users.id || '/2026/01/' || n, 'default'
FROM users, generate_series(1, :count) AS n
WHERE lower(users.name) = lower(:'name');
ANALYZE files;
