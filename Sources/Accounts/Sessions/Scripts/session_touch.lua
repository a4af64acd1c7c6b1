-- Reads a session, and renews its idle limit if a person is behind this, never beyond its absolute end.
--
-- ARGV[1]   digest
-- ARGV[2]   1 for what a person did, 0 for polling
-- ARGV[3]   idle limit (ms)
-- Returns   { now, TTL, end, made, seen (all ms), state, user, name }, or of a session that is gone { now, why it was ended or nil }
local key, now = SESSION .. ARGV[1], clock()
local fields = redis.call('HMGET', key, 'end', 'made', 'seen', 'state', 'user', 'name')
if not fields[4] then return { now, reason(ARGV[1]) } end
if ARGV[2] == '1' then
    fields[3] = integer(now)
    renew(ARGV[1], ARGV[3], now, fields[1])
end
return { now, redis.call('PTTL', key), unpack(fields) }
