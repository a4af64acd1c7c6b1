-- Lists the sessions in which a user is signed in, and forgets those that are gone.
--
-- ARGV[1]   user
-- Returns   { digest, made, seen, end (ms), device, network } for each
local list = {}
for _, digest in ipairs(redis.call('ZRANGE', INDEX .. ARGV[1], 0, -1)) do
    local fields = redis.call('HMGET', SESSION .. digest, 'state', 'made', 'seen', 'end', 'device', 'network')
    if not fields[1] then
        redis.call('ZREM', INDEX .. ARGV[1], digest)
    elseif fields[1] == 'u' then
        list[#list + 1] = { digest, unpack(fields, 2) }
    end
end
return list
