-- The first part of every transition of sessions: the keys, and how a session ends.
--
-- KEYS[1]   SESSION  prefix; <digest> -> hash: state (c awaits its code, u signed in), user, name, device, network, made (ms), seen (ms),
--                    end (ms, absolute). Its TTL is the smaller of the two limits: when the key is gone, so is the session.
-- KEYS[2]   INDEX    prefix; <user> -> zset of the digests of the user's sessions (states c and u) with their absolute ends; some
--                    may be gone already
-- KEYS[3]   NOTE     prefix; <digest> -> why somebody ended this session, for an hour; behind `replaced` and a colon, of a session in
--                    which somebody was signed in, the digest under which it goes on
local SESSION, INDEX, NOTE = unpack(KEYS)
local NOTE_LIFE = 3600000

-- Ends a session, and leaves a note of the reason; false if there is none.
local function finish(digest, reason)
    local user = redis.call('HGET', SESSION .. digest, 'user')
    if not user then return false end
    redis.call('DEL', SESSION .. digest)
    redis.call('ZREM', INDEX .. user, digest)
    redis.call('SET', NOTE .. digest, reason, 'PX', NOTE_LIFE)
    return true
end

-- Why a session was ended; false where nobody has ended it.
local function reason(digest)
    local note = redis.call('GET', NOTE .. digest)
    return note and string.match(note, '^%a+')
end

-- Renews the idle limit, never beyond the absolute end.
local function renew(digest, idle, now, finalTime)
    redis.call('HSET', SESSION .. digest, 'seen', integer(now))
    redis.call('PEXPIRE', SESSION .. digest, integer(math.min(tonumber(idle), tonumber(finalTime) - now)))
end

-- The index lives as long as the last session in it can.
local function register(user, digest, finalTime)
    local index = INDEX .. user
    redis.call('ZADD', index, finalTime, digest)
    local last = redis.call('ZREVRANGE', index, 0, 0, 'WITHSCORES')
    redis.call('PEXPIREAT', index, last[2])
end

