-- Claims an upload, in front of whoever has it, and tells everybody.
--
-- A claim that comes late is none: whoever claimed with a newer epoch came after it, however long this was on its way.
--
-- KEYS  1 the claim
-- ARGV  1 epoch in Postgres   2 token of the new claim   3 its time to live (ms)   4 channel   5 id of the upload
--       6 the process, for which its own bell means nothing
--
-- Returns the number of the claim: 1 + the larger of ARGV[1] and the one stored; 0 for one that comes late.
local known = tonumber(ARGV[1])
local now = redis.call('HMGET', KEYS[1], 'e', 'k')
if tonumber(now[2] or '-1') > known then return 0 end
local number = math.max(tonumber(now[1] or '0'), known) + 1
local text = string.format('%.0f', number)
redis.call('HSET', KEYS[1], 'e', text, 't', ARGV[2], 'k', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' ' .. text .. ' ' .. ARGV[6])
return number
