-- Cancels jobs in any state but dead. A job is only marked: whoever meets it next removes it (a claim, a failure, a hand-back,
-- an acknowledgement), and the heartbeat of the worker that runs it tells its handler. Until then its id exists.
--
-- ARGV      ids (at most 256)
-- Returns   for each: 0 there is no such job, 1 it is dead, 2 cancelled
local result = {}
for i, id in ipairs(ARGV) do
    if not exists(id) then
        result[i] = 0
    elseif redis.call('ZSCORE', DEAD, id) then
        result[i] = 1
    else
        redis.call('SADD', CANCELLED, id)
        result[i] = 2
    end
end
return result
