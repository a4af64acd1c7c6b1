-- Claims an upload, in front of whoever has it, and tells everybody.
--
-- KEYS  1 the claim
-- ARGV  1 epoch in Postgres   2 token of the new claim   3 its time to live (ms)   4 channel   5 id of the upload
--       6 the process, for which its own bell means nothing
--
-- Returns the number of the claim: 1 + the larger of ARGV[1] and the one stored.
local number = math.max(tonumber(redis.call('HGET', KEYS[1], 'e') or '0'), tonumber(ARGV[1])) + 1
local text = string.format('%.0f', number)
redis.call('HSET', KEYS[1], 'e', text, 't', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' ' .. text .. ' ' .. ARGV[6])
return number
