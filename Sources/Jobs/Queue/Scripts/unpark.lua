-- Returns parked jobs to the head of their lanes, the last ones first, so that page after page keeps their order. Those that crashed
-- become suspects: whether they were on their way to that is no longer known.
--
-- ARGV[1]   kind
-- ARGV[2]   type
-- ARGV[3]   how many at most (up to 256)
-- Returns   how many of the kind are still parked; nothing moves while the type is paused
if redis.call('HEXISTS', CONTROL, 'y:' .. ARGV[2]) == 1 then return 0 end
local now = clock()
local entries = redis.call('RPOP', PARK .. ARGV[1], ARGV[3]) or {}
for _, entry in ipairs(entries) do
    local job = parse(entry)
    if not job then
        buryMalformed(entry, now)
    elseif isCancelled(job.id) then
        forget(job)
    else
        job.ready = integer(now)
        if job.crashes > 0 then redis.call('LPUSH', SUSPECTS, compose(job)) else put('LPUSH', job.lane, compose(job)) end
    end
end
local left = redis.call('LLEN', PARK .. ARGV[1])
if left == 0 then redis.call('SREM', PARKED, ARGV[1]) end
if #entries > 0 then wake() end
return left
