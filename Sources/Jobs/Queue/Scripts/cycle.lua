-- Acknowledges a batch of jobs, promotes what is due, and claims the next batch: one round trip.
--
-- ARGV[1]        want: how many jobs to claim (0 to 500)
-- ARGV[2]        length of a lease, ms
-- ARGV[3]        n, the number of acknowledgements (at most 500)
-- ARGV[4 …]      n lease members
-- ARGV[4+n …]    n ids, in the same order
-- ARGV[4+2n …]   ids among them whose body is kept apart
-- Returns        { server time, epoch, ms until the next delayed job or -1, indexes (from 1) of lost leases, entries }
--                A lost lease belongs to somebody else by now, or to nobody; its job was not acknowledged here.
local want, n = tonumber(ARGV[1]), tonumber(ARGV[3])
local now, micros = clock()
local lost = {}
if n > 0 then
    local ids, scores = {}, redis.call('ZMSCORE', LEASES, unpack(ARGV, 4, 3 + n))
    for i = 1, n do
        if scores[i] then ids[#ids + 1] = ARGV[3 + n + i] else lost[#lost + 1] = i end
    end
    if #ids > 0 then
        redis.call('ZREM', LEASES, unpack(ARGV, 4, 3 + n))
        redis.call('SREM', IDS, unpack(ids))
    end
    if #ARGV > 3 + 2 * n then
        local gone = {}
        for _, i in ipairs(lost) do gone[ARGV[3 + n + i]] = true end
        for i = 4 + 2 * n, #ARGV do
            if not gone[ARGV[i]] then redis.call('UNLINK', BODY .. ARGV[i]) end
        end
    end
end

local due = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, 200)
if #due > 0 then
    redis.call('ZREM', DELAYED, unpack(due))
    for _, entry in ipairs(due) do
        local lane = string.match(entry, '^%d+|%d+|%d+|%d+|%d+|(%d:[^|]*)|[^|]+|')
        if not lane then
            buryMalformed(entry, now)
        elseif redis.call('RPUSH', READY .. lane, entry) == 1 then
            enter(lane)
        end
    end
end

local jobs, count = {}, 0
while count < want do
    local head = redis.call('ZRANGE', RING, 0, 0)
    if not head[1] then break end
    -- Only lanes of the highest priority that has work; each gets an equal share, 1 to 16 jobs a turn.
    local base = (57 - string.byte(head[1])) * LEVEL
    local active = redis.call('ZCOUNT', RING, base, integer(base + LEVEL - 1))
    local quantum = want - count
    if active > 1 then
        quantum = math.max(1, math.min(16, math.ceil(quantum / active)))
        head = redis.call('ZRANGE', RING, 0, math.min(active, math.ceil((want - count) / quantum)) - 1)
    end
    for _, lane in ipairs(head) do
        if count == want then break end
        local share = math.min(quantum, want - count)
        local taken = redis.call('LPOP', READY .. lane, share) or {}
        for i = 1, #taken do jobs[count + i] = taken[i] end
        count = count + #taken
        if #taken < share or redis.call('EXISTS', READY .. lane) == 0 then
            redis.call('ZREM', RING, lane)
        elseif active > 1 then
            redis.call('ZINCRBY', RING, #taken, lane)
        end
    end
end

local epoch = '0'
if count > 0 then
    local last = tonumber(redis.call('HGET', CONTROL, 'epoch') or '0')
    epoch = integer(math.max(micros, last + 1))
    redis.call('HSET', CONTROL, 'epoch', epoch)
    local expiry, stamp, leases = integer(now + tonumber(ARGV[2])), epoch .. '|', {}
    for i = 1, count do
        leases[2 * i - 1] = expiry
        leases[2 * i] = stamp .. jobs[i]
    end
    redis.call('ZADD', LEASES, unpack(leases))
end

local untilDue = -1
if count < want then
    -- Everything ready is taken: whoever waits for a token would wake for nothing.
    redis.call('DEL', WAKE)
    local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
    if head[2] then untilDue = math.max(0, tonumber(head[2]) - now) end
elseif want > 0 and redis.call('EXISTS', RING) == 1 then
    wake()
end
return { now, epoch, untilDue, lost, jobs }
