-- Sets or lifts limits and weights.
--
-- ARGV      pairs of name and value; an empty value lifts it. Names: max-length, max-bytes, max-in-flight, max-tenant (in flight
--           per tenant), rate (claims per second), burst, w:<tenant> (weight)
-- Returns   1
for i = 1, #ARGV, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    local isWeight = string.sub(name, 1, 2) == 'w:'
    if value == '' then
        if redis.call('HDEL', CONTROL, name) == 1 and isWeight then redis.call('HINCRBY', CONTROL, 'weights', -1) end
    elseif redis.call('HSET', CONTROL, name, value) == 1 and isWeight then
        redis.call('HINCRBY', CONTROL, 'weights', 1)
    end
    if name == 'rate' or name == 'burst' then redis.call('HDEL', CONTROL, 'tokens', 'refilled') end
    if name == 'max-tenant' then
        -- Counts are not kept without a limit, so they are made from the leases. Costs grow with the number in flight.
        redis.call('DEL', TENANTS)
        if value ~= '' then
            for _, member in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
                local _, entry = split(member)
                local job = parse(entry)
                if job then redis.call('HINCRBY', TENANTS, tenantOf(job.lane), 1) end
            end
        end
    end
end
for _, lane in ipairs(redis.call('SMEMBERS', ASIDE)) do
    redis.call('SREM', ASIDE, lane)
    enter(lane)
end
wake()
return 1
