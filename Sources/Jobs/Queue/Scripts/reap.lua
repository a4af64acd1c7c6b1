-- Takes back leases that expired: their jobs return to the head of their lane with one more crash on their account, or,
-- after too many, go to the dead set. No attempt is spent.
--
-- ARGV[1]   how many at most (up to 500)
-- ARGV[2]   crashes at which a job counts as poison
-- Returns   { returned, poisoned, ms until the next lease expires or -1, lanes with ready jobs }
local first = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
if not first[2] then return { 0, 0, -1, redis.call('ZCARD', RING) } end
local now = clock()
local returned, poisoned = 0, 0
local expired = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, ARGV[1])
for i = #expired, 1, -1 do
    local epoch, entry = split(expired[i])
    local job = parse(entry)
    redis.call('ZREM', LEASES, expired[i])
    if not job then
        buryMalformed(entry, now)
        poisoned = poisoned + 1
    else
        job.crashes = job.crashes + 1
        job.previous = epoch
        job.ready = integer(now)
        if job.crashes >= tonumber(ARGV[2]) then
            bury(job.id, compose(job), 'poison: the worker was lost ' .. job.crashes .. ' times while it ran', now)
            poisoned = poisoned + 1
        else
            if redis.call('LPUSH', READY .. job.lane, compose(job)) == 1 then enter(job.lane) end
            returned = returned + 1
        end
    end
end
if #expired > 0 then first = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES') end
local lanes = redis.call('ZCARD', RING)
if lanes > 0 then wake() end
return { returned, poisoned, first[2] and math.max(0, tonumber(first[2]) - now) or -1, lanes }
