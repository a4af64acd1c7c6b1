-- Stops claims, or allows them again. What is in flight goes on.
--
-- ARGV[1]   pause or resume
-- ARGV[2]   queue, tenant or type
-- ARGV[3]   name of the tenant or type
-- Returns   1 if that changed anything, else 0
local stops, scope, name = ARGV[1] == 'pause', ARGV[2], ARGV[3]

local function switch(field, counter)
    local changed = stops and redis.call('HSETNX', CONTROL, field, '1') or not stops and redis.call('HDEL', CONTROL, field)
    if counter and changed == 1 then redis.call('HINCRBY', CONTROL, counter, stops and 1 or -1) end
    return changed
end

local changed
if scope == 'queue' then
    changed = switch('paused')
elseif scope == 'type' then
    -- Jobs are parked when they are met; `unpark` brings them back.
    changed = switch('y:' .. name, 'types')
else
    changed = switch('t:' .. name, 'tenants')
    if stops then
        for priority = 0, 9 do
            local lane = priority .. ':' .. name
            if redis.call('ZREM', RING, lane) == 1 then redis.call('SADD', ASIDE, lane) end
        end
    else
        reopen(name)
    end
end
if changed == 1 and not stops then wake() end
return changed
