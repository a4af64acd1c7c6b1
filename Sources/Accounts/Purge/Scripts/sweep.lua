-- Looks at some of the keys and removes what nothing else removes: entries of indexes whose session is gone, and whatever has
-- lost its TTL (an operator's PERSIST, a restore), since all of it is meant to end by itself.
--
-- KEYS[1]   the place where the last call stopped, kept between runs
-- ARGV[1]   how many keys to look at, about
-- ARGV[2]   prefix of all keys of this module
-- ARGV[3]   prefix of the sessions
-- ARGV[4]   prefix of the indexes
-- Returns   { 1 once all keys were looked at, else 0; entries removed; keys removed }
local entries, keys = 0, 0

local function prune(index)
    for _, digest in ipairs(redis.call('ZRANGE', index, 0, -1)) do
        if redis.call('EXISTS', ARGV[3] .. digest) == 0 then entries = entries + redis.call('ZREM', index, digest) end
    end
end

local cursor = redis.call('GET', KEYS[1]) or '0'
local reply = redis.call('SCAN', cursor, 'MATCH', ARGV[2] .. '*', 'COUNT', ARGV[1])
for _, key in ipairs(reply[2]) do
    if key ~= KEYS[1] then
        if string.sub(key, 1, #ARGV[4]) == ARGV[4] then prune(key) end
        if redis.call('PTTL', key) == -1 then keys = keys + redis.call('DEL', key) end
    end
end
redis.call('SET', KEYS[1], reply[1], 'EX', 86400)
return { reply[1] == '0' and 1 or 0, entries, keys }
