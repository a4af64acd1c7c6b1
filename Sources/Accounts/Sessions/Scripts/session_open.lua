-- Opens a session of somebody. With a previous one it takes that one's place, in one step: there is no moment with both or with neither.
-- Asked again for the same identifier, by whoever did not get the answer, it only repeats the answer.
--
-- ARGV[1]   digest of the new identifier
-- ARGV[2]   digest of the previous one, empty for none
-- ARGV[3]   state in which the previous session has to be
-- ARGV[4]   the user it has to belong to, empty for any
-- ARGV[5]   idle limit (ms)
-- ARGV[6]   absolute limit (ms), 0 to keep the end of the previous session
-- ARGV[7]   the user
-- ARGV[8 …] names and values of the fields state, user, name, device, network
-- Returns   { made, end, TTL } in ms, or nothing where there is no such previous session: then nothing was done
local digest, previous, now = ARGV[1], ARGV[2], clock()
local there = redis.call('HMGET', SESSION .. digest, 'made', 'end')
if there[1] then return { tonumber(there[1]), tonumber(there[2]), redis.call('PTTL', SESSION .. digest) } end
local finalTime = now + tonumber(ARGV[6])
if previous ~= '' then
    local old = redis.call('HMGET', SESSION .. previous, 'state', 'user', 'end')
    if old[1] ~= ARGV[3] or (ARGV[4] ~= '' and old[2] ~= ARGV[4]) then return {} end
    if ARGV[6] == '0' then finalTime = tonumber(old[3]) end
    finish(previous, old[1] == 'u' and 'replaced:' .. digest or 'replaced')
end

local ttl = math.min(tonumber(ARGV[5]), finalTime - now)
redis.call(
    'HSET', SESSION .. digest, 'made', integer(now), 'seen', integer(now), 'end', integer(finalTime), unpack(ARGV, 8))
redis.call('PEXPIRE', SESSION .. digest, integer(ttl))
register(ARGV[7], digest, integer(finalTime))
return { now, finalTime, ttl }
