-- Settles jobs that were not done: a later try, or the dead set.
--
-- ARGV   four per job (at most 100): lease member, verb, delay (ms), reason
--        verb: retry (spends an attempt), later (spends none), dead
-- Returns indexes (from 1) of the jobs whose lease was lost; those were left alone
local now = clock()
local lost, wanted = {}, false
for i = 1, #ARGV, 4 do
    if redis.call('ZREM', LEASES, ARGV[i]) == 0 then
        lost[#lost + 1] = (i + 3) / 4
    else
        local epoch, entry = split(ARGV[i])
        local job = parse(entry)
        if not job then
            buryMalformed(entry, now)
        else
            job.previous = epoch
            if ARGV[i + 1] ~= 'later' then job.attempts = job.attempts + 1 end
            if ARGV[i + 1] == 'dead' then
                bury(job.id, compose(job), ARGV[i + 3], now)
            else
                local due = now + tonumber(ARGV[i + 2])
                job.ready = integer(due)
                local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
                redis.call('ZADD', DELAYED, job.ready, compose(job))
                wanted = wanted or not head[2] or tonumber(head[2]) > due
            end
        end
    end
end
if wanted then wake() end
return lost
