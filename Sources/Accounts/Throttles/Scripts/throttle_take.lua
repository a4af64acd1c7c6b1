-- Takes one from each of several throttles, or from none: what is not allowed is not counted.
--
-- KEYS      a throttle each -> hash: n (how many were taken), until (ms; before it nothing is allowed). Always with a TTL.
-- ARGV      four per throttle: limit, window (ms), first pause (ms; 0 for none), longest pause (ms).
--           Without a pause the limit holds for a window that begins with the first. With one, each from the limit on is
--           followed by a pause, twice as long as the last, and all is forgotten after a window of quiet.
-- Returns   { 0, 0 }, or the first throttle that refused (from 1) and after how many ms to try again
local now = clock()

local function rule(i)
    local at = (i - 1) * 4
    return tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
end

for i, key in ipairs(KEYS) do
    local limit, _, first = rule(i)
    local state = redis.call('HMGET', key, 'n', 'until')
    if first > 0 then
        local rest = (tonumber(state[2]) or 0) - now
        if rest > 0 then return { i, rest } end
    elseif (tonumber(state[1]) or 0) >= limit then
        return { i, math.max(redis.call('PTTL', key), 1) }
    end
end

for i, key in ipairs(KEYS) do
    local limit, window, first, longest = rule(i)
    local n = redis.call('HINCRBY', key, 'n', 1)
    if first > 0 then
        local pause = 0
        if n >= limit then
            -- Beyond 30 doublings the longest is reached anyway.
            pause = math.min(longest, first * 2 ^ math.min(n - limit, 30))
            redis.call('HSET', key, 'until', integer(now + pause))
        end
        redis.call('PEXPIRE', key, integer(window + pause))
    elseif redis.call('PTTL', key) < 0 then
        redis.call('PEXPIRE', key, integer(window))
    end
end
return { 0, 0 }
