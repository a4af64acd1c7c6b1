-- Puts dead jobs back to the end of their lane, with their attempts and crashes forgotten.
--
-- ARGV      ids (at most 256)
-- Returns   how many were replayed. An entry that cannot be read stays dead, and so does a job whose unique key another
--           job holds by now.
local now = clock()
local replayed = 0

local function mayReturn(job)
    if job.key == '' then return true end
    local holder = redis.call('HGET', UNIQUE, job.key)
    if holder and holder ~= job.id and exists(holder) and not redis.call('ZSCORE', DEAD, holder) then
        return false
    end
    redis.call('HSET', UNIQUE, job.key, job.id)
    return true
end

for _, id in ipairs(ARGV) do
    local grave = redis.call('HGET', GRAVE, id)
    local job = grave and parse(entryIn(grave))
    if job and job.id == id and mayReturn(job) then
        redis.call('ZREM', DEAD, id)
        redis.call('HDEL', GRAVE, id)
        job.ready, job.attempts, job.crashes, job.losses = integer(now), 0, 0, 0
        put('RPUSH', job.lane, compose(job))
        replayed = replayed + 1
    end
end
if replayed > 0 then wake() end
return replayed
