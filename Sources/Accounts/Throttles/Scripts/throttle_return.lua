-- Gives back what was taken for an attempt that turned out well.
--
-- KEYS      throttles
-- ARGV      for each 1 to forget all that was taken, 0 for one
-- Returns   nothing
for i, key in ipairs(KEYS) do
    if ARGV[i] == '1' or (tonumber(redis.call('HGET', key, 'n')) or 0) < 2 then
        redis.call('DEL', key)
    else
        redis.call('HINCRBY', key, 'n', -1)
    end
end
