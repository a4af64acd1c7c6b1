-- Sets what is used, unless what is known is newer, and takes from leases what has become part of it, in one step: so that
-- nothing counts twice or not at all.
--
-- KEYS      see quota.lua
-- ARGV      bytes, files, version ('' to leave the use as it is), byte limit, file limit, ttl of the use (ms; '' to leave its end as
--           it is, and a use that is not known unknown: else whoever settles often would keep Postgres from being asked), ttl of
--           leases (ms),
--           then for each lease: its name, bytes, files
-- Returns   nothing
if ARGV[3] ~= '' then
    local version = tonumber(redis.call('HGET', KEYS[1], 'version'))
    if (version or ARGV[6] ~= '') and (not version or version <= tonumber(ARGV[3])) then
        redis.call('HSET', KEYS[1], 'bytes', ARGV[1], 'files', ARGV[2], 'version', ARGV[3], 'byte_limit', ARGV[4], 'file_limit', ARGV[5])
    end
    if ARGV[6] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
end
for i = 8, #ARGV, 3 do
    local bytes, files = held(ARGV[i])
    hold(ARGV[i], math.max(0, bytes - ARGV[i + 1]), math.max(0, files - ARGV[i + 2]), tonumber(ARGV[7]))
end
