-- Forgets dead jobs.
--
-- ARGV      ids (at most 256)
-- Returns   how many were dropped
local dropped = 0
for _, id in ipairs(ARGV) do
    if redis.call('ZREM', DEAD, id) == 1 then
        local grave = redis.call('HGET', GRAVE, id)
        local job = grave and parse(entryIn(grave))
        redis.call('HDEL', GRAVE, id)
        if job and job.id == id then forget(job) else dismiss({ id }) end
        dropped = dropped + 1
    end
end
return dropped
