-- Tells which sets of ids there are.
--
-- Returns   the keys of those that hold any
local found = {}
eachHome(function(key)
    if redis.call('EXISTS', key) == 1 then found[#found + 1] = key end
end)
return found
