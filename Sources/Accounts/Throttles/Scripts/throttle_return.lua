-- Gives back what was taken for an attempt that turned out well, or was not made in the end.
--
-- KEYS      throttles
-- ARGV      for each 1 to forget all that was taken, 0 for one
-- Returns   nothing
for i, key in ipairs(KEYS) do
    if ARGV[i] == '1' or (tonumber(redis.call('HGET', key, 'n')) or 0) < 2 then
        redis.call('DEL', key)
    else
        redis.call('HINCRBY', key, 'n', -1)
        -- A pause that the attempt has begun: whoever was let try since then came before that.
        redis.call('HDEL', key, 'until')
    end
end
