-- The first part of every transition of the queue: the keys, time, lanes. One partition, one hash tag, one order of KEYS
-- (QueueKeys.swift):
--
--   LEASES     zset  <epoch>|<entry> -> lease expiry: the one in-flight index; the member is the fencing token. Half a
--                    millisecond in the score says that the job is claimed but not known to have been started.
--   DELAYED    zset  entry -> due time (delays and retries)
--   DEAD       zset  id -> time of death
--   GRAVE      hash  id -> <reason>\n<entry>
--   CONTROL    hash  epoch, jobs (in any state), bytes, done (acknowledged ever), suspect, limits, pauses, weights, schedules
--   WAKE       list  at most one token, on which idle consumers block
--   RING       zset  lane -> virtual time; lanes with ready jobs that may be claimed
--   ASIDE      set   lanes with ready jobs that may not be claimed: tenant paused, or at its limit
--   SUSPECTS   list  entries whose next crash would be the last; one is in flight at a time
--   PARKED     set   kinds of parked jobs
--   CANCELLED  set   ids of cancelled jobs that have not been met yet
--   UNIQUE     hash  unique key -> id of the job that holds it
--   TENANTS    hash  tenant -> jobs in flight; kept while there is a limit per tenant
--   IDS        prefix of the sets that hold the id of every job in any state; `home` says which
--   READY      prefix of the ready lists, one per lane
--   BODY       prefix of the bodies that are too large to travel inside an entry
--   PARK       prefix of the lists of parked entries, one per kind
--
-- entry = <ready at>|<enqueued at>|<attempts>|<crashes>|<losses>|<previous epoch>|<lane>|<id>|<type>|<unique key>|<body>; a
-- lane is <priority digit>:<tenant>. An empty number is 0, an empty time of enqueue that of ready: most jobs have no history.
-- The part from the lane on (the tail) never changes. Times are server milliseconds; an epoch is the server's microsecond,
-- made strictly increasing, so that it stays unique even when Redis has lost its data.
local LEASES, DELAYED, DEAD, GRAVE, CONTROL, WAKE, RING, ASIDE, SUSPECTS, PARKED, CANCELLED, UNIQUE, TENANTS, IDS, READY, BODY, PARK =
    unpack(KEYS)
local LEVEL = 1e13

local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end

local function integer(number)
    return string.format('%.0f', number)
end

-- Which of the sets of ids an id belongs to, as the end of its key. Jobs that are added together end together, so UUIDs of
-- version 7 (RFC 9562) are kept by time, in 256 sets of 16 ms that come round every 4 s: what a batch touches fits into the
-- processor's cache though a million jobs wait, and `check` can count them all. All other ids share one set.
local function bucket(id)
    return string.match(id, '^[%da-f]+%-[%da-f]([%da-f][%da-f])[%da-f]%-7') or ''
end

local function home(id)
    return IDS .. bucket(id)
end

-- Calls a command, with its key, for each run of neighbours in ids[from … to] that share a set; `take` gets each answer.
local function byHome(command, ids, from, to, take)
    local first, shared = from, bucket(ids[from])
    for i = from + 1, to + 1 do
        local other = i <= to and bucket(ids[i])
        if other ~= shared then
            take(redis.call(command, IDS .. shared, unpack(ids, first, i - 1)))
            first, shared = i, other
        end
    end
end

-- Adds ids, and returns how many of them are new.
local function admit(ids)
    local added = 0
    byHome('SADD', ids, 1, #ids, function(some) added = added + some end)
    redis.call('HINCRBY', CONTROL, 'jobs', added)
    return added
end

-- Removes ids; to be called after their bytes were taken off, since without jobs there are none, whatever damage was done to them.
local function dismiss(ids)
    local removed = 0
    byHome('SREM', ids, 1, #ids, function(some) removed = removed + some end)
    if redis.call('HINCRBY', CONTROL, 'jobs', -removed) == 0 then redis.call('HDEL', CONTROL, 'bytes') end
end

local function exists(id)
    return redis.call('SISMEMBER', home(id), id) == 1
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

-- What this call has changed of the counts in TENANTS and not written there yet.
local changes = {}

-- How many more jobs of each tenant may be in flight; nothing when there is no limit.
local function roomsOf(tenants)
    local limit, rooms = control().tenantLimit, {}
    if not limit then return rooms end
    for i, count in ipairs(redis.call('HMGET', TENANTS, unpack(tenants))) do
        rooms[i] = limit - (tonumber(count) or 0) - (changes[tenants[i]] or 0)
    end
    return rooms
end

-- Whether lanes stand aside, as far as this call knows.
local anyAside

-- Puts a lane that has ready jobs into the ring, at the virtual time of the lane that is served next in its priority, or
-- aside when its tenant may not be served.
local function enter(lane)
    local tenant = tenantOf(lane)
    if control().tenants and redis.call('HEXISTS', CONTROL, 't:' .. tenant) == 1 or (roomsOf({ tenant })[1] or 1) <= 0 then
        redis.call('SADD', ASIDE, lane)
        anyAside = true
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

