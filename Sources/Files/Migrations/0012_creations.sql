-- The field Upload-Concat of a joined upload, as it was sent.
ALTER TABLE uploads ADD COLUMN concat text CHECK (octet_length(concat) <= 11264);

-- The file of which an answer without a body tells.
ALTER TABLE replies ADD COLUMN file uuid;

-- What is being made of parts counts as what it will be, from before its parts are used up.
UPDATE file_usage SET bytes = bytes + had_bytes, files = files + had_files, version = version + 1
FROM (
    SELECT owner_id AS had_owner, sum(length)::bigint AS had_bytes, count(*) AS had_files FROM uploads
    WHERE kind = 'joined' AND state IN ('joining', 'finishing') GROUP BY owner_id) AS had
WHERE owner_id = had_owner;
