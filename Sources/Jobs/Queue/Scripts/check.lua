-- Cross-checks the structures of a partition and says what disagrees. Reads at most ARGV[1] members of each.
--
-- ARGV[1]   page size (up to 5000)
-- Returns   one sentence per violation; nothing when all is well
local limit = tonumber(ARGV[1])
local found = {}
local function report(...) if #found < 100 then found[#found + 1] = table.concat({ ... }) end end

local lanes, ready = redis.call('ZRANGE', RING, 0, -1), 0
for _, lane in ipairs(lanes) do
    local length = redis.call('LLEN', READY .. lane)
    if length == 0 then report('lane ', lane, ' is in the ring without ready jobs') end
    ready = ready + length
end
local delayed, leased, dead = redis.call('ZCARD', DELAYED), redis.call('ZCARD', LEASES), redis.call('ZCARD', DEAD)
local ids = redis.call('SCARD', IDS)
if ids ~= ready + delayed + leased + dead then
    report(ids, ' ids, but ', ready, ' ready + ', delayed, ' delayed + ', leased, ' leased + ', dead, ' dead jobs')
end
if redis.call('HLEN', GRAVE) ~= dead then report('the dead set and its entries differ in number') end

local place = {}
local function visit(entry, where)
    local job = parse(entry)
    if not job then return report('a malformed entry is ', where) end
    if place[job.id] then report('job ', job.id, ' is ', place[job.id], ' and ', where) end
    place[job.id] = where
    if redis.call('SISMEMBER', IDS, job.id) == 0 then report('job ', job.id, ' is ', where, ' without its id') end
    return job
end
for i = 1, math.min(#lanes, limit) do
    local part = redis.call('LRANGE', READY .. lanes[i], 0, math.max(0, math.floor(limit / #lanes) - 1))
    for _, entry in ipairs(part) do
        local job = visit(entry, 'ready')
        if job and job.lane ~= lanes[i] then report('job ', job.id, ' is in lane ', lanes[i], ', not its own') end
    end
end
for _, entry in ipairs(redis.call('ZRANGE', DELAYED, 0, limit - 1)) do visit(entry, 'delayed') end
for _, member in ipairs(redis.call('ZRANGE', LEASES, 0, limit - 1)) do
    local epoch, entry = split(member)
    if epoch == '0' then report('a lease has no epoch') end
    visit(entry, 'leased')
end
for _, id in ipairs(redis.call('ZRANGE', DEAD, 0, limit - 1)) do
    if redis.call('SISMEMBER', IDS, id) == 0 then report('job ', id, ' is dead without its id') end
    if redis.call('HEXISTS', GRAVE, id) == 0 then report('job ', id, ' is dead without its entry') end
    if place[id] then report('job ', id, ' is ', place[id], ' and dead') end
end
return found
