-- Hands leases back unfinished, as at shutdown: to the head of their lane, with neither an attempt nor a crash spent.
--
-- ARGV      lease members, in the order in which they were claimed (at most 256)
-- Returns   how many were still held
local now = clock()
local suspect = redis.call('HGET', CONTROL, 'suspect')
local released = 0
for i = #ARGV, 1, -1 do
    if redis.call('ZREM', LEASES, ARGV[i]) == 1 then
        local epoch, entry = split(ARGV[i])
        local job = parse(entry)
        released = released + 1
        if not job then
            vacateMalformed(entry)
            buryMalformed(entry, now)
        else
            occupy(tenantOf(job.lane), -1)
            job.previous = epoch
            if isCancelled(job.id) then
                forget(job)
            elseif ARGV[i] == suspect then
                redis.call('LPUSH', SUSPECTS, compose(job))
            else
                put('LPUSH', job.lane, compose(job))
            end
        end
    end
end
writeCounts()
if released > 0 then wake() end
return released
