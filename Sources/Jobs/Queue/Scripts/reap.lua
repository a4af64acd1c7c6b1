-- Takes back leases that expired. A job that was started has one more crash on its account, and so has one that was lost
-- before; another one has only the loss. It returns to the head of its lane; when its next crash would be the last, to the
-- suspects; after the last to the dead set. No attempt is spent.
--
-- ARGV[1]   how many at most (up to 256)
-- ARGV[2]   crashes in a row at which a job counts as poison
-- Returns   { returned, crashed, poisoned, ms until the next lease expires or -1, 1 if there is something to claim, parked kinds }
--           Something to claim are ready jobs, suspects and delayed jobs that are due: of the latter nobody may know any more.
local first = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
local now = clock()
local function hasWork()
    if redis.call('EXISTS', RING, SUSPECTS) > 0 then return true end
    local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
    return head[2] and tonumber(head[2]) <= now
end
local function report(returned, crashed, poisoned)
    local isWork = hasWork()
    if isWork then wake() end
    return { returned, crashed, poisoned, first[2] and math.max(0, math.ceil(tonumber(first[2]) - now)) or -1, isWork and 1 or 0,
        redis.call('SMEMBERS', PARKED) }
end
if not first[2] then return report(0, 0, 0) end
local limit = tonumber(ARGV[2])
local returned, crashed, poisoned = 0, 0, 0

local function takeBack(job)
    if isCancelled(job.id) then return forget(job) end
    if job.isStarted or job.losses > 0 then
        job.crashes = job.crashes + 1
        crashed = crashed + 1
    else
        job.losses = job.losses + 1
    end
    if job.crashes >= limit then
        poisoned = poisoned + 1
        return bury(job, 'poison: the worker was lost ' .. job.crashes .. ' times in a row while it ran', now)
    end
    returned = returned + 1
    job.ready = integer(now)
    if job.crashes > 0 and job.crashes == limit - 1 then
        redis.call('RPUSH', SUSPECTS, compose(job))
    else
        put('LPUSH', job.lane, compose(job))
    end
end

local expired = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = #expired - 1, 1, -2 do
    local epoch, entry = split(expired[i])
    local job = parse(entry)
    redis.call('ZREM', LEASES, expired[i])
    if not job then
        vacateMalformed(entry)
        buryMalformed(entry, now)
        poisoned = poisoned + 1
    else
        occupy(tenantOf(job.lane), -1)
        job.previous = epoch
        job.isStarted = not string.find(expired[i + 1], '.', 1, true)
        takeBack(job)
    end
end
if #expired > 0 then first = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES') end
writeCounts()
return report(returned, crashed, poisoned)
