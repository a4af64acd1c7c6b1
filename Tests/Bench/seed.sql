-- Gives the user :name :count stored files, ten of which have "needle" in their name.
INSERT INTO files (id, container, byte_offset, owner_id, size, state, stored_at, sha256, name, content_type, key, area)
SELECT id, id, 0, owner, 4096, 'stored', now(), sha256(n::text::bytea),
    CASE WHEN n % (:count / 10) = 0 THEN 'needle' ELSE 'report' END || '-' || n || '.pdf',
    'application/pdf', owner || '/2026/01/' || n, 'default'
FROM (
    SELECT n, users.id AS owner,
        -- A UUIDv7 a millisecond after the last: RFC 9562, section 5.7.
        (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - :count + n), 12, '0')
            || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid AS id
    FROM users, generate_series(1, :count) AS n
    WHERE lower(users.name) = lower(:'name')) AS made;
-- As the intake does beside the uploads.
SELECT gin_clean_pending_list('files_owner_name_trigrams');
ANALYZE files;
