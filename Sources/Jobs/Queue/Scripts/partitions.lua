-- Remembers over how many partitions a queue is spread; to be asked of partition 0.
--
-- ARGV[1]   how many the caller is set to, or 0 to ask only
-- Returns   how many there are: what ARGV[1] says if nothing else was ever said and no job exists. One is the rule, and not
--           written down.
local known = redis.call('HGET', CONTROL, 'partitions')
if known then return tonumber(known) end
local wanted = tonumber(ARGV[1])
if wanted <= 1 or (tonumber(redis.call('HGET', CONTROL, 'jobs')) or 0) > 0 then return 1 end
redis.call('HSET', CONTROL, 'partitions', wanted)
return wanted
