-- Settles jobs that were not done: a later try, the dead set, or parked. The worker lives, so crashes are forgotten.
--
-- ARGV   four per job (at most 100): lease member, verb, delay (ms), reason
--        verb: retry (spends an attempt), later (spends none), dead, park (the reason is the kind)
-- Returns indexes (from 1) of the jobs whose lease was lost; those were left alone
local now = clock()
local lost, wanted = {}, false

local function settle(job, verb, delay, reason)
    job.crashes, job.losses = 0, 0
    if verb == 'retry' or verb == 'dead' then job.attempts = job.attempts + 1 end
    if verb == 'dead' then return bury(job, reason, now) end
    job.ready = integer(now + delay)
    if verb == 'park' then return park(reason, compose(job)) end
    local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
    redis.call('ZADD', DELAYED, job.ready, compose(job))
    wanted = wanted or not head[2] or tonumber(head[2]) > now + delay
end

for i = 1, #ARGV, 4 do
    if redis.call('ZREM', LEASES, ARGV[i]) == 0 then
        lost[#lost + 1] = (i + 3) / 4
    else
        local epoch, entry = split(ARGV[i])
        local job = parse(entry)
        if not job then
            vacateMalformed(entry)
            buryMalformed(entry, now)
        else
            occupy(tenantOf(job.lane), -1)
            job.previous = epoch
            if isCancelled(job.id) then
                forget(job)
            else
                settle(job, ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3])
            end
        end
    end
end
writeCounts()
if wanted then wake() else freed() end
return lost
