-- All gauges of a partition. Costs do not grow with the number of jobs.
--
-- Returns   { ready, delayed, in flight, dead, age of the oldest ready job in ms, lanes with ready jobs, suspects, parked,
--           cancelled and not met yet, bytes, 1 if the queue is paused, acknowledged ever }
--           Ready includes suspects and lanes whose tenant is paused or at its limit. The age is that of the heads of lanes in
--           the ring: of all up to 500, else of the 250 that are served next and the 250 that wait longest for their turn.
local delayed, leased, dead = redis.call('ZCARD', DELAYED), redis.call('ZCARD', LEASES), redis.call('ZCARD', DEAD)
local parked = 0
for _, kind in ipairs(redis.call('SMEMBERS', PARKED)) do parked = parked + redis.call('LLEN', PARK .. kind) end
local ready = (tonumber(redis.call('HGET', CONTROL, 'jobs')) or 0) - delayed - leased - dead - parked
local lanes = redis.call('ZRANGE', RING, 0, 249)
for _, lane in ipairs(redis.call('ZRANGE', RING, math.max(250, redis.call('ZCARD', RING) - 250), -1)) do lanes[#lanes + 1] = lane end
local age = 0
if #lanes > 0 then
    local now = clock()
    for _, lane in ipairs(lanes) do
        local head = redis.call('LINDEX', READY .. lane, 0)
        local since = head and string.match(head, '^(%d+)|')
        if since then age = math.max(age, now - tonumber(since)) end
    end
end
return { ready, delayed, leased, dead, age, redis.call('ZCARD', RING) + redis.call('SCARD', ASIDE), redis.call('LLEN', SUSPECTS),
    parked, redis.call('SCARD', CANCELLED), tonumber(redis.call('HGET', CONTROL, 'bytes')) or 0, control().paused and 1 or 0,
    tonumber(redis.call('HGET', CONTROL, 'done')) or 0 }
