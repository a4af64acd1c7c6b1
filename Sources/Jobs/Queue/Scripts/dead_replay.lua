-- Puts dead jobs back to the end of their lane, with their attempts and crashes forgotten.
--
-- ARGV      ids (at most 500)
-- Returns   how many were replayed; an entry that cannot be read stays dead
local now = clock()
local replayed = 0
for _, id in ipairs(ARGV) do
    local grave = redis.call('HGET', GRAVE, id)
    local job = grave and parse(string.sub(grave, (string.find(grave, '\n', 1, true) or 0) + 1))
    if job and job.id == id then
        redis.call('ZREM', DEAD, id)
        redis.call('HDEL', GRAVE, id)
        job.ready, job.attempts, job.crashes = integer(now), 0, 0
        if redis.call('RPUSH', READY .. job.lane, compose(job)) == 1 then enter(job.lane) end
        replayed = replayed + 1
    end
end
if replayed > 0 then wake() end
return replayed
