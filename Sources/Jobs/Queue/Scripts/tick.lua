-- Fires a periodic job: once per tick of the server's clock, however many workers ask; not while the one before lives.
--
-- ARGV[1]   name
-- ARGV[2]   interval, ms
-- ARGV[3]   lane
-- ARGV[4]   what follows the id in the entry
-- Returns   { 1 if it was fired here, else 0; ms until the next tick }
local now = clock()
local interval = tonumber(ARGV[2])
local tick = math.floor(now / interval)
local wait = (tick + 1) * interval - now
local last = redis.call('HGET', CONTROL, 'tick:' .. ARGV[1])
if last and tonumber(last) >= tick then return { 0, wait } end
redis.call('HSET', CONTROL, 'tick:' .. ARGV[1], integer(tick))
local previous = last and ARGV[1] .. '@' .. last
if previous and redis.call('SISMEMBER', IDS, previous) == 1 and not redis.call('ZSCORE', DEAD, previous) then
    -- Still waiting or running: this tick is skipped, and the id stays the one to look at.
    redis.call('HSET', CONTROL, 'tick:' .. ARGV[1], last)
    return { 0, wait }
end
local id = ARGV[1] .. '@' .. integer(tick)
if redis.call('SADD', IDS, id) == 0 then return { 0, wait } end
local tail = table.concat({ ARGV[3], id, ARGV[4] }, '|')
redis.call('HINCRBY', CONTROL, 'bytes', #tail)
put('RPUSH', ARGV[3], table.concat({ integer(now), integer(now), '0|0|0|0', tail }, '|'))
wake()
return { 1, wait }
