-- Acknowledges a batch of jobs, promotes what is due, and claims the next batch: one round trip.
--
-- ARGV[1]        want: how many jobs to claim (0 to 256)
-- ARGV[2]        direct: how many of them the worker starts at once; the others wait in its backlog
-- ARGV[3]        length of a lease, ms
-- ARGV[4]        n, the number of acknowledgements (at most 256)
-- ARGV[5]        bytes of the tails of these jobs
-- ARGV[6 …]      n lease members
-- ARGV[6+n …]    n ids, in the same order
-- ARGV[6+2n …]   pairs of index (from 1) and unique key, or an empty string for a job whose body is kept apart
-- Returns        { server time, epoch, ms until there may be more work or -1, indexes (from 1) of lost leases, entries }
--                A lost lease belongs to somebody else by now, or to nobody; its job was not acknowledged here. The first
--                entry may be a suspect. The third value is only meant where fewer jobs came than were wanted.
-- Jobs that are met and not handed out, cancelled ones for instance; each costs as much as ten others.
local MOST_SIEVED = 250
local want, direct, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local now, micros = clock()
local set = control()
local lost = {}

-- Takes the acknowledged jobs off the counts of their tenants.
local function vacate(scores)
    local counts = {}
    for i = 1, n do
        local tenant = scores[i] and string.match(ARGV[5 + i], '^%d+|%d+|%d*|%d*|%d*|%d*|%d*|%d:([^|]*)|')
        if tenant then counts[tenant] = (counts[tenant] or 0) + 1 end
    end
    for tenant, count in pairs(counts) do occupy(tenant, -count) end
end

local function acknowledge()
    local ids, scores, bytes = {}, redis.call('ZMSCORE', LEASES, unpack(ARGV, 6, 5 + n)), tonumber(ARGV[5])
    local gone = {}
    for i = 1, n do
        local member = ARGV[5 + i]
        if scores[i] then
            ids[#ids + 1] = ARGV[5 + n + i]
        else
            lost[#lost + 1] = i
            gone[i] = true
            local _, entry = split(member)
            local job = parse(entry)
            if job then bytes = bytes - #job.tail end
        end
    end
    if #ids == 0 then return end
    redis.call('ZREM', LEASES, unpack(ARGV, 6, 5 + n))
    if redis.call('EXISTS', CANCELLED) == 1 then redis.call('SREM', CANCELLED, unpack(ids)) end
    for i = 6 + 2 * n, #ARGV, 2 do
        local job = tonumber(ARGV[i])
        local id = ARGV[5 + n + job]
        if gone[job] then
            -- Not ours to clean up.
        elseif ARGV[i + 1] == '' then
            bytes = bytes + redis.call('STRLEN', BODY .. id)
            redis.call('UNLINK', BODY .. id)
        else
            unlock(id, ARGV[i + 1])
        end
    end
    redis.call('HINCRBY', CONTROL, 'done', #ids)
    if bytes > 0 then redis.call('HINCRBY', CONTROL, 'bytes', -bytes) end
    dismiss(ids)
    if set.tenantLimit then vacate(scores) end
    if want == 0 then freed() end
end
if n > 0 then acknowledge() end

local due = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, 200)
if #due > 0 then
    redis.call('ZREM', DELAYED, unpack(due))
    for _, entry in ipairs(due) do
        local lane = string.match(entry, '^%d+|%d*|%d*|%d*|%d*|%d*|(%d:[^|]*)|[^|]+|[^|]+|[^|]*|')
        if lane then put('RPUSH', lane, entry) else buryMalformed(entry, now) end
    end
end

local untilMore = -1
local function soon(milliseconds)
    if untilMore < 0 or milliseconds < untilMore then untilMore = milliseconds end
end

-- What the limits leave of what is wanted.
local allowed, tokens = set.paused and 0 or want, nil
if set.limit then allowed = math.min(allowed, math.max(0, set.limit - redis.call('ZCARD', LEASES))) end
if set.rate then
    local burst = set.burst or math.max(1, set.rate)
    tokens = math.min(burst, (set.tokens or burst) + math.max(0, now - (set.refilled or now)) * set.rate / 1000)
    allowed = math.min(allowed, math.floor(tokens))
end

local jobs, count, sieved = {}, 0, 0
local suspect
if allowed > 0 and redis.call('EXISTS', SUSPECTS) == 1 then
    local running = redis.call('HGET', CONTROL, 'suspect')
    if running and redis.call('ZSCORE', LEASES, running) then
        soon(1000)
    else
        suspect = redis.call('LPOP', SUSPECTS)
    end
end

-- Whether an entry may be handed out; what may not is put where it belongs. What cannot be read the worker reports.
isCancelled('')
local isPicky = anyCancelled or set.types
local function isWanted(entry)
    local job = parse(entry)
    if not job then return true end
    if isCancelled(job.id) then
        forget(job)
    elseif set.types and redis.call('HEXISTS', CONTROL, 'y:' .. job.type) == 1 then
        park(job.type, entry)
    else
        return true
    end
    return false
end
local function sieve(taken)
    local kept = {}
    for _, entry in ipairs(taken) do
        if isWanted(entry) then kept[#kept + 1] = entry end
    end
    sieved = sieved + #taken - #kept
    return kept
end

if suspect and isPicky and not isWanted(suspect) then suspect = nil end
local former = suspect and parse(suspect)
if former and set.tenants and redis.call('HEXISTS', CONTROL, 't:' .. tenantOf(former.lane)) == 1 then
    redis.call('RPUSH', SUSPECTS, suspect)
    suspect, former = nil, nil
end
if suspect then jobs[1], count = suspect, 1 end
if former then occupy(tenantOf(former.lane), 1) end

-- Takes up to `share` jobs of a lane, and puts the lane where it then belongs. Returns its new virtual time if it stays in the ring.
local function serve(lane, share, isAlone, room)
    local tenant = tenantOf(lane)
    if room then share = math.min(share, room) end
    local taken = share > 0 and redis.call('LPOP', READY .. lane, share) or {}
    local isEmpty = share > 0 and #taken < share or redis.call('EXISTS', READY .. lane) == 0
    if isPicky then taken = sieve(taken) end
    for i = 1, #taken do jobs[count + i] = taken[i] end
    count = count + #taken
    if room and #taken > 0 then occupy(tenant, #taken) end
    if isEmpty then
        redis.call('ZREM', RING, lane)
    elseif room and room <= #taken then
        redis.call('ZREM', RING, lane)
        redis.call('SADD', ASIDE, lane)
        anyAside = true
    elseif not isAlone and #taken > 0 then
        local weight = set.weights and tonumber(redis.call('HGET', CONTROL, 'w:' .. tenant)) or 1
        return tonumber(redis.call('ZINCRBY', RING, #taken / weight, lane))
    end
end

while count < allowed and sieved < MOST_SIEVED do
    local head = redis.call('ZRANGE', RING, 0, 0, 'WITHSCORES')
    if not head[1] then break end
    -- Only lanes of the highest priority that has work; each gets an equal share, 1 to 16 jobs a turn.
    local base = (57 - string.byte(head[1])) * LEVEL
    local active = redis.call('ZCOUNT', RING, base, integer(base + LEVEL - 1))
    local quantum = allowed - count
    if active > 1 then
        quantum = math.max(1, math.min(16, math.ceil(quantum / active)))
        local turns = math.min(active, math.ceil((allowed - count) / quantum))
        head = redis.call('ZRANGE', RING, 0, turns - 1, 'WITHSCORES')
    end
    -- One look at the ring serves many lanes, as long as none that was served is to be the next again, as a heavy one may.
    local nearest, tenants = math.huge, {}
    for i = 1, #head, 2 do tenants[#tenants + 1] = tenantOf(head[i]) end
    local rooms = roomsOf(tenants)
    for i = 1, #head, 2 do
        if count == allowed or sieved >= MOST_SIEVED or tonumber(head[i + 1]) > nearest then break end
        local share = math.min(quantum, allowed - count)
        nearest = math.min(nearest, serve(head[i], share, active == 1, rooms[(i + 1) / 2]) or math.huge)
    end
end

local epoch = '0'
if count > 0 then
    epoch = integer(math.max(micros, set.epoch + 1))
    redis.call('HSET', CONTROL, 'epoch', epoch)
    local expiry, stamp, leases = integer(now + tonumber(ARGV[3])), epoch .. '|', {}
    local pending = expiry .. '.5'
    for i = 1, count do
        leases[2 * i - 1] = i <= direct and expiry or pending
        leases[2 * i] = stamp .. jobs[i]
    end
    if suspect then
        leases[1] = expiry
        redis.call('HSET', CONTROL, 'suspect', leases[2])
    end
    redis.call('ZADD', LEASES, unpack(leases))
end
if tokens and want > 0 then redis.call('HSET', CONTROL, 'tokens', tokens - count, 'refilled', integer(now)) end

if count < want then
    -- Whoever waits for a token would wake for nothing.
    redis.call('DEL', WAKE)
    if sieved >= MOST_SIEVED then soon(0) end
    if tokens and tokens - count < 1 and not set.paused and redis.call('EXISTS', RING) == 1 then
        soon(math.ceil((1 - (tokens - count)) * 1000 / set.rate))
    end
    local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
    if head[2] and not set.paused then soon(math.max(0, tonumber(head[2]) - now)) end
elseif want > 0 and redis.call('EXISTS', RING) == 1 then
    wake()
end
writeCounts()
return { now, epoch, untilMore, lost, jobs }
