-- Cross-checks the structures of a partition and says what disagrees. Reads at most ARGV[1] members of each.
--
-- ARGV[1]   page size (up to 5000)
-- Returns   one sentence per violation; nothing when all is well
local limit = tonumber(ARGV[1])
local found = {}
local function report(...) if #found < 100 then found[#found + 1] = table.concat({ ... }) end end

-- Numbers, over everything.
-- Of lanes as many as the page has, ten times over: a worker's look must not stop the queue for the sake of many tenants.
local isWhole = redis.call('ZCARD', RING) + redis.call('SCARD', ASIDE) <= 10 * limit
local ring = redis.call('ZRANGE', RING, 0, isWhole and -1 or limit - 1)
local aside = isWhole and redis.call('SMEMBERS', ASIDE) or redis.call('SRANDMEMBER', ASIDE, limit)
local lanes, ready = {}, 0
for _, lane in ipairs(ring) do lanes[#lanes + 1] = lane end
for _, lane in ipairs(aside) do
    lanes[#lanes + 1] = lane
    if redis.call('ZSCORE', RING, lane) then report('lane ', lane, ' is in the ring and aside') end
end
for _, lane in ipairs(lanes) do
    local length = redis.call('LLEN', READY .. lane)
    if length == 0 then report('lane ', lane, ' is in the ring without ready jobs') end
    ready = ready + length
end
local kinds, parked = redis.call('SMEMBERS', PARKED), 0
for _, kind in ipairs(kinds) do
    local length = redis.call('LLEN', PARK .. kind)
    if length == 0 then report('kind ', kind, ' is parked without jobs') end
    parked = parked + length
end
local delayed, leased, dead = redis.call('ZCARD', DELAYED), redis.call('ZCARD', LEASES), redis.call('ZCARD', DEAD)
local suspects, ids = redis.call('LLEN', SUSPECTS), tonumber(redis.call('HGET', CONTROL, 'jobs')) or 0
local jobs = ready + delayed + leased + dead + parked + suspects
if isWhole and ids ~= jobs then
    report(ids, ' jobs are counted, but ', ready, ' ready + ', delayed, ' delayed + ', leased, ' leased + ', dead, ' dead + ', parked,
        ' parked + ', suspects, ' suspect jobs')
end
local held = 0
eachHome(function(key) held = held + redis.call('SCARD', key) end)
if held ~= ids then report(ids, ' jobs are counted, but there are ', held, ' ids') end
if redis.call('HLEN', GRAVE) ~= dead then report('the dead set and its entries differ in number') end

-- Members, as far as the page goes.
local place, bytes, read, occupied = {}, 0, 0, {}
local function visit(entry, where)
    local job = parse(entry)
    read = read + 1
    if not job then return report('a malformed entry is ', where) end
    if place[job.id] then report('job ', job.id, ' is ', place[job.id], ' and ', where) end
    place[job.id] = where
    bytes = bytes + size(job)
    if not exists(job.id) then report('job ', job.id, ' is ', where, ' without its id') end
    if job.apart and redis.call('EXISTS', BODY .. job.id) == 0 then report('job ', job.id, ' is ', where, ' without its body') end
    if job.key ~= '' and where ~= 'dead' and redis.call('HEXISTS', UNIQUE, job.key) == 0 then
        report('job ', job.id, ' is ', where, ' without its unique key')
    end
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
for _, entry in ipairs(redis.call('LRANGE', SUSPECTS, 0, limit - 1)) do visit(entry, 'suspect') end
for _, kind in ipairs(kinds) do
    for _, entry in ipairs(redis.call('LRANGE', PARK .. kind, 0, math.floor(limit / #kinds))) do visit(entry, 'parked') end
end
for _, member in ipairs(redis.call('ZRANGE', LEASES, 0, limit - 1)) do
    local epoch, entry = split(member)
    if epoch == '0' then report('a lease has no epoch') end
    local job = visit(entry, 'leased')
    local tenant = job and tenantOf(job.lane)
    if tenant then occupied[tenant] = (occupied[tenant] or 0) + 1 end
end
for _, id in ipairs(redis.call('ZRANGE', DEAD, 0, limit - 1)) do
    local grave = redis.call('HGET', GRAVE, id)
    if not exists(id) then report('job ', id, ' is dead without its id') end
    if not grave then report('job ', id, ' is dead without its entry') end
    local entry = grave and entryIn(grave)
    if entry and parse(entry) then visit(entry, 'dead') elseif grave then read = read + 1 end
end

-- What is counted along the way, when the page held everything.
if isWhole and read == jobs then
    local counted = tonumber(redis.call('HGET', CONTROL, 'bytes')) or 0
    if counted ~= bytes then report('the jobs have ', bytes, ' bytes, but ', counted, ' are counted') end
    if control().tenantLimit then
        for tenant, count in pairs(occupied) do
            if redis.call('HGET', TENANTS, tenant) ~= tostring(count) then
                report('tenant ', tenant, ' has ', count, ' in flight, counted otherwise')
            end
        end
        local counts = redis.call('HLEN', TENANTS)
        for _ in pairs(occupied) do counts = counts - 1 end
        if counts ~= 0 then report('tenants without jobs in flight are counted') end
    end
    for _, id in ipairs(redis.call('SMEMBERS', CANCELLED)) do
        if not place[id] or place[id] == 'dead' then report('job ', id, ' is cancelled but does not wait or run') end
    end
    for key, id in pairs((function()
        local map, flat = {}, redis.call('HGETALL', UNIQUE)
        for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
        return map
    end)()) do
        if not place[id] or place[id] == 'dead' then report('unique key ', key, ' is held by a job that does not live') end
    end
end
return found
