-- Forgets dead jobs.
--
-- ARGV      ids (at most 500)
-- Returns   how many were dropped
local dropped = 0
for _, id in ipairs(ARGV) do
    if redis.call('ZREM', DEAD, id) == 1 then
        redis.call('HDEL', GRAVE, id)
        redis.call('SREM', IDS, id)
        redis.call('UNLINK', BODY .. id)
        dropped = dropped + 1
    end
end
return dropped
