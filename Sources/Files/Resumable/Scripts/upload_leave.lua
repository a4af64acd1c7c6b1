-- Ends a claim, if it is still the one.
--
-- KEYS  1 the claim
-- ARGV  1 its token
if redis.call('HGET', KEYS[1], 't') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
