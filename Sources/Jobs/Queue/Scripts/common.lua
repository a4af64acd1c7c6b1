-- Prepended to every transition of the queue. One partition, one hash tag, one order of KEYS (QueueKeys.swift):
--
--   IDS      set   the id of every job that exists in any state
--   LEASES   zset  <epoch>|<entry> -> lease expiry: the one in-flight index; the member is the fencing token
--   DELAYED  zset  entry -> due time (delays and retries)
--   DEAD     zset  id -> time of death
--   GRAVE    hash  id -> <reason>\n<entry>
--   CONTROL  hash  epoch, ticks of periodic jobs
--   WAKE     list  at most one token, on which idle consumers block
--   RING     zset  lane -> virtual time; the lanes that have ready jobs
--   READY    prefix of the ready lists, one per lane
--   BODY     prefix of the bodies that are too large to travel inside an entry
--
-- entry = <ready at>|<enqueued at>|<attempts>|<crashes>|<previous epoch>|<lane>|<id>|<body>; a lane is
-- <priority digit>:<tenant>. The part from the lane on (the tail) never changes. Times are server milliseconds; an epoch
-- is the server's microsecond, made strictly increasing, so that it stays unique even when Redis has lost its data.
local IDS, LEASES, DELAYED, DEAD, GRAVE, CONTROL, WAKE, RING, READY, BODY = unpack(KEYS)
local LEVEL = 1e13

local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end

local function integer(number)
    return string.format('%.0f', number)
end

-- The parts of an entry, or nil when it is not one: ready at, enqueued at, attempts, crashes, previous epoch, tail, lane, id.
local function parse(entry)
    local ready, enqueued, attempts, crashes, previous, at, lane, id =
        string.match(entry, '^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|()(%d:[^|]*)|([^|]+)|')
    if not ready then return nil end
    return { ready = ready, enqueued = enqueued, attempts = tonumber(attempts), crashes = tonumber(crashes),
        previous = previous, tail = string.sub(entry, at), lane = lane, id = id }
end

local function compose(job)
    return table.concat({ job.ready, job.enqueued, job.attempts, job.crashes, job.previous, job.tail }, '|')
end

-- The epoch and the entry of a member of LEASES.
local function split(member)
    local epoch, at = string.match(member, '^(%d+)|()')
    if not epoch then return '0', member end
    return epoch, string.sub(member, at)
end

local function wake()
    if redis.call('EXISTS', WAKE) == 0 then redis.call('RPUSH', WAKE, '1') end
end

-- Puts a lane that has ready jobs into the ring, at the virtual time of the lane that is served next in its priority.
local function enter(lane)
    local base = (57 - string.byte(lane)) * LEVEL
    local head = redis.call('ZRANGEBYSCORE', RING, base, integer(base + LEVEL - 1), 'WITHSCORES', 'LIMIT', 0, 1)
    redis.call('ZADD', RING, 'NX', head[2] or integer(base), lane)
end

local function bury(id, entry, reason, now)
    redis.call('SADD', IDS, id)
    redis.call('ZADD', DEAD, now, id)
    redis.call('HSET', GRAVE, id, string.gsub(reason, '\n', ' ') .. '\n' .. entry)
end

-- What cannot be read keeps its bytes in the dead set under a name made of their digest.
local function buryMalformed(entry, now)
    bury('malformed-' .. redis.sha1hex(entry), entry, 'malformed entry', now)
end
