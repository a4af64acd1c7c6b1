-- Renews claims and tells which were lost.
--
-- KEYS  1…n claims
-- ARGV  1 their time to live (ms)   2i the number of claim i   2i+1 its token
--
-- Returns the positions of those that somebody else has by now. A claim that is not there, or is older, is written anew: Redis
-- was emptied, or has lost its last second, and Postgres decides in the end.
local lost = {}
for i, key in ipairs(KEYS) do
    local number, token = ARGV[2 * i], ARGV[2 * i + 1]
    local now = redis.call('HMGET', key, 'e', 't')
    local stored = tonumber(now[1] or '0')
    if stored >= tonumber(number) and now[2] ~= token then
        lost[#lost + 1] = i
    else
        -- The number may have been told too late to be known to its holder.
        redis.call('HSET', key, 'e', string.format('%.0f', math.max(stored, tonumber(number))), 't', token)
        redis.call('PEXPIRE', key, ARGV[1])
    end
end
return lost
