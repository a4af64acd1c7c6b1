-- Adds a batch of jobs. A job whose id exists already, or whose unique key another job holds, is left alone.
--
-- ARGV[1]            n, the number of jobs (at most 256)
-- ARGV[2 …]          n ids
-- ARGV[2+n …]        n tails, in the same order
-- ARGV[2+2n]         g, the number of groups; consecutive jobs of one lane and delay form a group
-- ARGV[3+2n …]       g times: lane, delay (ms), number of jobs
-- ARGV[3+2n+3g …]    triples of index (from 1), 'u' or 'x', and the unique key or the body that is kept apart; 'u' first
-- Returns            three for each job that was not added: its index (from 1); 0 when its id lives, 1 when it is dead, 2
--                    when its unique key is held; the id of the holder or an empty string.
--                    { 'full', name of the limit, its value } when a limit is reached; nothing was added then.
local n = tonumber(ARGV[1])

-- The everyday call, at half the price: one job, small and without conditions, to run now, in a queue without caps.
if n == 1 and #ARGV == 7 and ARGV[6] == '0' then
    local caps = redis.call('HMGET', CONTROL, 'max-length', 'max-bytes')
    if not caps[1] and not caps[2] then
        local id, tail, lane = ARGV[2], ARGV[3], ARGV[5]
        -- Asked first: a server out of memory refuses SADD, and whoever repeats a call is to learn that it had succeeded.
        local key = home(id)
        if redis.call('SISMEMBER', key, id) == 1 then return { 1, redis.call('ZSCORE', DEAD, id) and 1 or 0, '' } end
        redis.call('SADD', key, id)
        redis.call('HINCRBY', CONTROL, 'jobs', 1)
        local now = integer(clock())
        put('RPUSH', lane, now .. '||||||' .. tail)
        redis.call('HINCRBY', CONTROL, 'bytes', #tail)
        wake()
        return {}
    end
end

local known = {}
byHome('SMISMEMBER', ARGV, 2, n + 1, function(some)
    for i = 1, #some do known[#known + 1] = some[i] end
end)
local extras = 3 + 2 * n + 3 * tonumber(ARGV[2 + 2 * n])
local news, bytes = 0, 0
for i = 1, n do
    if known[i] == 0 then
        news = news + 1
        bytes = bytes + #ARGV[1 + n + i]
    end
end
if news > 0 then
    for i = extras, #ARGV, 3 do
        if ARGV[i + 1] == 'x' and known[tonumber(ARGV[i])] == 0 then bytes = bytes + #ARGV[i + 2] end
    end
    local caps = redis.call('HMGET', CONTROL, 'max-length', 'max-bytes', 'bytes', 'jobs')
    if caps[1] and (tonumber(caps[4]) or 0) - redis.call('ZCARD', DEAD) + news > tonumber(caps[1]) then
        return { 'full', 'length', caps[1] }
    elseif caps[2] and (tonumber(caps[3]) or 0) + bytes > tonumber(caps[2]) then
        return { 'full', 'bytes', caps[2] }
    end
end

local result = {}
local function refuse(i, why, holder)
    result[#result + 1], result[#result + 2], result[#result + 3] = i, why, holder
end
for i = 1, n do
    if known[i] == 1 then refuse(i, redis.call('ZSCORE', DEAD, ARGV[i + 1]) and 1 or 0, '') end
end
if news == 0 then return result end

-- Where the batch names an id twice, the first counts.
local function refuseRepeated()
    local seen = {}
    for i = 1, n do
        if known[i] == 0 then
            if seen[ARGV[i + 1]] then
                known[i] = 1
                refuse(i, 0, '')
            end
            seen[ARGV[i + 1]] = true
        end
    end
end
local function refuseHeldKeys()
    local held = {}
    for i = extras, #ARGV, 3 do
        local job, key = tonumber(ARGV[i]), ARGV[i + 2]
        if ARGV[i + 1] == 'u' and known[job] == 0 then
            local holder = redis.call('HGET', UNIQUE, key)
            local lives = holder and (held[key] or exists(holder) and not redis.call('ZSCORE', DEAD, holder))
            if lives then
                known[job] = 2
                refuse(job, 2, holder)
            else
                redis.call('HSET', UNIQUE, key, ARGV[job + 1])
                held[key] = true
            end
        end
    end
end
local hasKeys = ARGV[extras + 1] == 'u'
if hasKeys then
    refuseRepeated()
    refuseHeldKeys()
end
local ids = {}
for i = 1, n do
    if known[i] == 0 then ids[#ids + 1] = ARGV[i + 1] end
end
if #ids == 0 then return result end
if admit(ids) < #ids then refuseRepeated() end

local now = clock()
local index, wanted, added = 0, false, 0
for g = 3 + 2 * n, extras - 1, 3 do
    local lane, delay, count = ARGV[g], tonumber(ARGV[g + 1]), tonumber(ARGV[g + 2])
    local stamp = delay > 0 and integer(now + delay) .. '|' .. integer(now) .. '|||||' or integer(now) .. '||||||'
    local entries, length = {}, 0
    for i = index + 1, index + count do
        if known[i] == 0 then
            if delay > 0 then
                length = length + 1
                entries[length] = integer(now + delay)
            end
            length = length + 1
            entries[length] = stamp .. ARGV[1 + n + i]
            added = added + #ARGV[1 + n + i]
        end
    end
    index = index + count
    if length > 0 and delay > 0 then
        local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
        redis.call('ZADD', DELAYED, unpack(entries))
        wanted = wanted or not head[2] or tonumber(head[2]) > now + delay
    elseif length > 0 then
        if redis.call('RPUSH', READY .. lane, unpack(entries)) == length then enter(lane) end
        wanted = true
    end
end
for i = extras, #ARGV, 3 do
    local job = tonumber(ARGV[i])
    if ARGV[i + 1] == 'x' and known[job] == 0 then
        redis.call('SET', BODY .. ARGV[job + 1], ARGV[i + 2])
        added = added + #ARGV[i + 2]
    end
end
redis.call('HINCRBY', CONTROL, 'bytes', added)
if wanted then wake() end
return result
