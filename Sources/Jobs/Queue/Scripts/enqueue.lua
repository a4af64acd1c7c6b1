-- Adds a batch of jobs. A job whose id exists already is left alone.
--
-- ARGV[1]            n, the number of jobs (at most 500)
-- ARGV[2 …]          n ids
-- ARGV[2+n …]        n tails, in the same order
-- ARGV[2+2n]         g, the number of groups; consecutive jobs of one lane and delay form a group
-- ARGV[3+2n …]       g times: lane, delay (ms), number of jobs
-- ARGV[3+2n+3g …]    pairs of index (from 1) and body, for bodies that are kept apart
-- Returns            for each job that was there: its index (from 1), then 1 if it is dead or 0 if it lives
local n = tonumber(ARGV[1])
local known = redis.call('SMISMEMBER', IDS, unpack(ARGV, 2, n + 1))
local fresh, added, result = {}, 0, {}
for i = 1, n do
    if known[i] == 0 then
        added = added + 1
        fresh[added] = ARGV[i + 1]
    end
end
if added > 0 and redis.call('SADD', IDS, unpack(fresh)) < added then
    -- The batch names an id twice: the first counts.
    local seen = {}
    for i = 1, n do
        if known[i] == 0 then
            if seen[ARGV[i + 1]] then known[i] = 1 end
            seen[ARGV[i + 1]] = true
        end
    end
end
for i = 1, n do
    if known[i] == 1 then
        result[#result + 1] = i
        result[#result + 1] = redis.call('ZSCORE', DEAD, ARGV[i + 1]) and 1 or 0
    end
end
if #result == 2 * n then return result end

local now = clock()
local groups = tonumber(ARGV[2 + 2 * n])
local index, wanted = 0, false
for g = 0, groups - 1 do
    local lane, delay, count = ARGV[3 + 2 * n + 3 * g], tonumber(ARGV[4 + 2 * n + 3 * g]), tonumber(ARGV[5 + 2 * n + 3 * g])
    local stamp = integer(now + delay) .. '|' .. integer(now) .. '|0|0|0|'
    local entries, size = {}, 0
    for i = index + 1, index + count do
        if known[i] == 0 then
            if delay > 0 then
                entries[size + 1] = integer(now + delay)
                size = size + 1
            end
            size = size + 1
            entries[size] = stamp .. ARGV[1 + n + i]
        end
    end
    index = index + count
    if size > 0 and delay > 0 then
        local head = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')
        redis.call('ZADD', DELAYED, unpack(entries))
        wanted = wanted or not head[2] or tonumber(head[2]) > now + delay
    elseif size > 0 then
        if redis.call('RPUSH', READY .. lane, unpack(entries)) == size then enter(lane) end
        wanted = true
    end
end
for i = 3 + 2 * n + 3 * groups, #ARGV, 2 do
    local job = tonumber(ARGV[i])
    if known[job] == 0 then redis.call('SET', BODY .. ARGV[job + 1], ARGV[i + 1]) end
end
if wanted then wake() end
return result
