-- All gauges of a partition. Costs do not grow with the number of jobs.
--
-- Returns   { ready, delayed, in flight, dead, age of the oldest ready job in ms, lanes with ready jobs }
--           The age looks at the heads of the 16 lanes that are served next.
local delayed, leased, dead = redis.call('ZCARD', DELAYED), redis.call('ZCARD', LEASES), redis.call('ZCARD', DEAD)
local ready = redis.call('SCARD', IDS) - delayed - leased - dead
local lanes = redis.call('ZRANGE', RING, 0, 15)
local age = 0
if #lanes > 0 then
    local now = clock()
    for _, lane in ipairs(lanes) do
        local head = redis.call('LINDEX', READY .. lane, 0)
        local since = head and string.match(head, '^(%d+)|')
        if since then age = math.max(age, now - tonumber(since)) end
    end
end
return { ready, delayed, leased, dead, age, redis.call('ZCARD', RING) }
