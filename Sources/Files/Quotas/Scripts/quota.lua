-- What the scripts of quotas share.
--
-- KEYS      use       -> hash: bytes, files, version, byte_limit and file_limit ('' for none), as Postgres has them. With a short
--                        TTL, after which Postgres is asked again.
--           reserved  -> hash: lease -> '<bytes> <files>'; '=bytes' and '=files' are the sums
--           ends      -> zset: lease -> when it is over (ms of this server)
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function integer(number)
    return string.format('%.0f', number)
end

local function held(lease)
    local bytes, files = string.match(redis.call('HGET', KEYS[2], lease) or '0 0', '^(%d+) (%d+)$')
    return tonumber(bytes), tonumber(files)
end

-- Makes a lease one of so much, for `ttl` ms from now on.
local function hold(lease, bytes, files, ttl)
    local bytes_before, files_before = held(lease)
    redis.call('HINCRBY', KEYS[2], '=bytes', integer(bytes - bytes_before))
    redis.call('HINCRBY', KEYS[2], '=files', integer(files - files_before))
    if bytes == 0 and files == 0 then
        redis.call('HDEL', KEYS[2], lease)
        redis.call('ZREM', KEYS[3], lease)
    else
        redis.call('HSET', KEYS[2], lease, integer(bytes) .. ' ' .. integer(files))
        redis.call('ZADD', KEYS[3], integer(clock() + ttl), lease)
    end
    redis.call('PEXPIRE', KEYS[2], integer(2 * ttl))
    redis.call('PEXPIRE', KEYS[3], integer(2 * ttl))
end
