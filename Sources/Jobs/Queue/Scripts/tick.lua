-- Tells how a schedule stands, and carries out a plan for it, once, however many workers ask: only if nobody changed the state
-- meanwhile, and while the plan holds by the server's clock. The state is the field schedule:<name> of CONTROL,
-- <watermark>|<tick that fired last>|<text of the schedule>; caps of the queue do not count here.
--
-- ARGV[1]     name
-- ARGV[2]     the state from which the plan was made, empty for none; without it and what follows, the state is only told
-- ARGV[3, 4]  times (ms) from which the plan holds and from which it holds no more
-- ARGV[5]     the new watermark
-- ARGV[6]     text of the schedule
-- ARGV[7]     1 when a tick does not fire while the job of the one before waits or runs, else 0
-- ARGV[8]     lane
-- ARGV[9]     what follows the id in the entry
-- ARGV[10 …]  ticks as they stand in ids
-- Returns     { 1 if the plan was carried out, ticks that fired, ticks that did not for another's job, server time (ms), state }
local now = clock()
local field = 'schedule:' .. ARGV[1]
local state = redis.call('HGET', CONTROL, field) or ''
if not ARGV[2] or state ~= ARGV[2] or now < tonumber(ARGV[3]) or now >= tonumber(ARGV[4]) then return { 0, 0, 0, now, state } end

local last = string.match(state, '^%d+|([^|]*)|') or ''
local function isOpen(id)
    return exists(id) and not redis.call('ZSCORE', DEAD, id)
end
local fired, overlapped = 0, 0
for i = 10, #ARGV do
    local id = ARGV[1] .. '@' .. ARGV[i]
    if ARGV[7] == '1' and last ~= '' and isOpen(ARGV[1] .. '@' .. last) then
        overlapped = overlapped + 1
    elseif admit({ id }) == 1 then
        local tail = table.concat({ ARGV[8], id, ARGV[9] }, '|')
        redis.call('HINCRBY', CONTROL, 'bytes', #tail)
        put('RPUSH', ARGV[8], integer(now) .. '||||||' .. tail)
        fired, last = fired + 1, ARGV[i]
    end
end
if fired > 0 then wake() end
state = table.concat({ ARGV[5], last, ARGV[6] }, '|')
redis.call('HSET', CONTROL, field, state)
return { 1, fired, overlapped, now, state }
