-- Prepended to every transition of the queue. One partition, one hash tag, one order of KEYS (QueueKeys.swift):
--
--   IDS        set   the id of every job that exists in any state
--   LEASES     zset  <epoch>|<entry> -> lease expiry: the one in-flight index; the member is the fencing token. Half a
--                    millisecond in the score says that the job is claimed but not known to have been started.
--   DELAYED    zset  entry -> due time (delays and retries)
--   DEAD       zset  id -> time of death
--   GRAVE      hash  id -> <reason>\n<entry>
--   CONTROL    hash  epoch, bytes, done (acknowledged ever), suspect, limits, pauses, weights, ticks
--   WAKE       list  at most one token, on which idle consumers block
--   RING       zset  lane -> virtual time; lanes with ready jobs that may be claimed
--   ASIDE      set   lanes with ready jobs that may not be claimed: tenant paused, or at its limit
--   SUSPECTS   list  entries whose next crash would be the last; one is in flight at a time
--   PARKED     set   kinds of parked jobs
--   CANCELLED  set   ids of cancelled jobs that have not been met yet
--   UNIQUE     hash  unique key -> id of the job that holds it
--   TENANTS    hash  tenant -> jobs in flight; kept while there is a limit per tenant
--   READY      prefix of the ready lists, one per lane
--   BODY       prefix of the bodies that are too large to travel inside an entry
--   PARK       prefix of the lists of parked entries, one per kind
--
-- entry = <ready at>|<enqueued at>|<attempts>|<crashes>|<losses>|<previous epoch>|<lane>|<id>|<type>|<unique key>|<body>; a
-- lane is <priority digit>:<tenant>. The part from the lane on (the tail) never changes. Times are server milliseconds; an
-- epoch is the server's microsecond, made strictly increasing, so that it stays unique even when Redis has lost its data.
local IDS, LEASES, DELAYED, DEAD, GRAVE, CONTROL, WAKE, RING, ASIDE, SUSPECTS, PARKED, CANCELLED, UNIQUE, TENANTS, READY, BODY, PARK =
    unpack(KEYS)
local LEVEL = 1e13

local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end

local function integer(number)
    return string.format('%.0f', number)
end

-- The parts of an entry, or nil when it is not one.
local function parse(entry)
    local ready, enqueued, attempts, crashes, losses, previous, at, lane, id, kind, key, body =
        string.match(entry, '^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|()(%d:[^|]*)|([^|]+)|([^|]+)|([^|]*)|()')
    if not ready then return nil end
    return { ready = ready, enqueued = enqueued, attempts = tonumber(attempts), crashes = tonumber(crashes),
        losses = tonumber(losses), previous = previous, tail = string.sub(entry, at), lane = lane, id = id, type = kind,
        key = key, apart = string.sub(entry, body) == 'x' }
end

local function compose(job)
    return table.concat({ job.ready, job.enqueued, job.attempts, job.crashes, job.losses, job.previous, job.tail }, '|')
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

-- What an operator has set; read once per call, when first needed.
local switches
local function control()
    if not switches then
        local set = redis.call('HMGET', CONTROL, 'epoch', 'paused', 'tenants', 'types', 'weights', 'max-tenant', 'max-in-flight',
            'rate', 'burst', 'tokens', 'refilled')
        local function any(count) return (tonumber(count) or 0) > 0 end
        switches = { epoch = tonumber(set[1]) or 0, paused = set[2] == '1', tenants = any(set[3]), types = any(set[4]),
            weights = any(set[5]), tenantLimit = tonumber(set[6]), limit = tonumber(set[7]), rate = tonumber(set[8]),
            burst = tonumber(set[9]), tokens = tonumber(set[10]), refilled = tonumber(set[11]) }
    end
    return switches
end

local function tenantOf(lane)
    return string.sub(lane, 3)
end

-- How many more jobs of a tenant may be in flight, or nil when there is no limit.
local function roomOf(tenant)
    local limit = control().tenantLimit
    return limit and limit - (tonumber(redis.call('HGET', TENANTS, tenant)) or 0)
end

-- Puts a lane that has ready jobs into the ring, at the virtual time of the lane that is served next in its priority, or
-- aside when its tenant may not be served.
local function enter(lane)
    local tenant = tenantOf(lane)
    if control().tenants and redis.call('HEXISTS', CONTROL, 't:' .. tenant) == 1 or (roomOf(tenant) or 1) <= 0 then
        redis.call('SADD', ASIDE, lane)
        return
    end
    local base = (57 - string.byte(lane)) * LEVEL
    local head = redis.call('ZRANGEBYSCORE', RING, base, integer(base + LEVEL - 1), 'WITHSCORES', 'LIMIT', 0, 1)
    redis.call('ZADD', RING, 'NX', head[2] or integer(base), lane)
end

-- Makes an entry ready, at the end (RPUSH) or the head (LPUSH) of its lane.
local function put(push, lane, entry)
    if redis.call(push, READY .. lane, entry) == 1 then enter(lane) end
end

-- Gives the lanes of a tenant that stand aside another chance.
local function reopen(tenant)
    for priority = 9, 0, -1 do
        local lane = priority .. ':' .. tenant
        if redis.call('SREM', ASIDE, lane) == 1 then enter(lane) end
    end
end

-- Counts the leases of a tenant, where they are limited.
local function occupy(tenant, change)
    if not control().tenantLimit then return end
    if redis.call('HINCRBY', TENANTS, tenant, change) <= 0 then redis.call('HDEL', TENANTS, tenant) end
    if change < 0 then reopen(tenant) end
end

-- Somebody may be waiting for a place that a limit denied.
local function freed()
    if (control().limit or control().tenantLimit) and redis.call('EXISTS', RING) == 1 then wake() end
end

local anyCancelled
local function isCancelled(id)
    if anyCancelled == nil then anyCancelled = redis.call('EXISTS', CANCELLED) == 1 end
    return anyCancelled and redis.call('SISMEMBER', CANCELLED, id) == 1
end

local function unlock(id, key)
    if key ~= '' and redis.call('HGET', UNIQUE, key) == id then redis.call('HDEL', UNIQUE, key) end
end

-- What a job counts for in CONTROL's bytes.
local function size(job)
    return #job.tail + (job.apart and redis.call('STRLEN', BODY .. job.id) or 0)
end

-- Removes the traces of a job that is in none of the structures any more.
local function forget(job)
    redis.call('HINCRBY', CONTROL, 'bytes', -size(job))
    redis.call('SREM', IDS, job.id)
    redis.call('SREM', CANCELLED, job.id)
    if job.apart then redis.call('UNLINK', BODY .. job.id) end
    unlock(job.id, job.key)
end

local function inter(id, entry, reason, now)
    redis.call('ZADD', DEAD, now, id)
    redis.call('HSET', GRAVE, id, string.gsub(reason, '\n', ' ') .. '\n' .. entry)
end

local function bury(job, reason, now)
    unlock(job.id, job.key)
    inter(job.id, compose(job), reason, now)
end

-- What cannot be read keeps its bytes in the dead set under a name made of their digest.
local function buryMalformed(entry, now)
    local id = 'malformed-' .. redis.sha1hex(entry)
    redis.call('SADD', IDS, id)
    inter(id, entry, 'malformed entry', now)
end

local function park(kind, entry)
    redis.call('RPUSH', PARK .. kind, entry)
    redis.call('SADD', PARKED, kind)
end
