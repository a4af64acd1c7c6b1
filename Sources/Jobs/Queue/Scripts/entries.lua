-- The second part of every transition but enqueue, which does without: what a call defines, each call pays for.

-- The parts of an entry, or nil when it is not one.
local function parse(entry)
    local ready, enqueued, attempts, crashes, losses, previous, at, lane, id, kind, key, body =
        string.match(entry, '^(%d+)|(%d*)|(%d*)|(%d*)|(%d*)|(%d*)|()(%d:[^|]*)|([^|]+)|([^|]+)|([^|]*)|()')
    if not ready then return nil end
    return { ready = ready, enqueued = enqueued == '' and ready or enqueued, attempts = tonumber(attempts) or 0,
        crashes = tonumber(crashes) or 0, losses = tonumber(losses) or 0, previous = previous == '' and '0' or previous,
        tail = string.sub(entry, at), lane = lane, id = id, type = kind, key = key, apart = string.sub(entry, body) == 'x' }
end

local function compose(job)
    return table.concat({ job.ready, job.enqueued, job.attempts, job.crashes, job.losses, job.previous, job.tail }, '|')
end

-- The epoch and the entry of a member of LEASES.
local function split(member)
    local epoch, at = string.match(member, '^(%d+)|()')
    if not epoch then return '0', member end
    return epoch, string.sub(member, at)
end

-- Gives the lanes of a tenant that stand aside another chance.
local function reopen(tenant)
    if anyAside == nil then anyAside = redis.call('EXISTS', ASIDE) == 1 end
    if not anyAside then return end
    local lanes = {}
    for priority = 9, 0, -1 do lanes[10 - priority] = priority .. ':' .. tenant end
    for i, isAside in ipairs(redis.call('SMISMEMBER', ASIDE, unpack(lanes))) do
        if isAside == 1 then
            redis.call('SREM', ASIDE, lanes[i])
            enter(lanes[i])
        end
    end
end

-- Counts the leases of a tenant, where they are limited. Whoever calls this ends with `writeCounts`: what is acknowledged and
-- claimed in one call mostly makes up for each other.
local function occupy(tenant, change)
    if not control().tenantLimit then return end
    changes[tenant] = (changes[tenant] or 0) + change
    if change < 0 then reopen(tenant) end
end

local function writeCounts()
    for tenant, change in pairs(changes) do
        if change ~= 0 and redis.call('HINCRBY', TENANTS, tenant, change) <= 0 then redis.call('HDEL', TENANTS, tenant) end
    end
end

-- The same for what was in flight and cannot be read, as far as it tells whose it was.
local function vacateMalformed(entry)
    local tenant = string.match(entry, '|%d:([^|]*)|')
    if tenant then occupy(tenant, -1) end
end

-- Somebody may be waiting for a place that a limit denied.
local function freed()
    if (control().limit or control().tenantLimit) and redis.call('EXISTS', RING) == 1 then wake() end
end

-- Calls `visit` with the key of each set of ids, those that do not exist included.
local function eachHome(visit)
    visit(IDS)
    for number = 0, 255 do visit(IDS .. string.format('%02x', number)) end
end

local anyCancelled
local function isCancelled(id)
    if anyCancelled == nil then anyCancelled = redis.call('EXISTS', CANCELLED) == 1 end
    return anyCancelled and redis.call('SISMEMBER', CANCELLED, id) == 1
end

local function unlock(id, key)
    if key ~= '' and redis.call('HGET', UNIQUE, key) == id then redis.call('HDEL', UNIQUE, key) end
end

-- What a job counts for in CONTROL's bytes.
local function size(job)
    return #job.tail + (job.apart and redis.call('STRLEN', BODY .. job.id) or 0)
end

-- Removes the traces of a job that is in none of the structures any more.
local function forget(job)
    redis.call('HINCRBY', CONTROL, 'bytes', -size(job))
    dismiss({ job.id })
    redis.call('SREM', CANCELLED, job.id)
    if job.apart then redis.call('UNLINK', BODY .. job.id) end
    unlock(job.id, job.key)
end

local function inter(id, entry, reason, now)
    redis.call('ZADD', DEAD, now, id)
    redis.call('HSET', GRAVE, id, string.gsub(reason, '\n', ' ') .. '\n' .. entry)
end

local function bury(job, reason, now)
    unlock(job.id, job.key)
    inter(job.id, compose(job), reason, now)
end

-- The entry of a job in the dead set.
local function entryIn(grave)
    return string.sub(grave, (string.find(grave, '\n', 1, true) or 0) + 1)
end

-- What cannot be read keeps its bytes in the dead set under a name made of their digest. Where it still tells the id of its job,
-- that is free again: whoever has the job's row can enqueue it once more. What it counted for in bytes is put right when the
-- queue is empty.
local function buryMalformed(entry, now)
    local former = string.match(entry, '|%d:[^|]*|([^|]+)')
    if former and exists(former) and not redis.call('ZSCORE', DEAD, former) then
        redis.call('UNLINK', BODY .. former)
        redis.call('SREM', CANCELLED, former)
        dismiss({ former })
    end
    local id = 'malformed-' .. redis.sha1hex(entry)
    admit({ id })
    inter(id, entry, 'malformed entry', now)
end

local function park(kind, entry)
    redis.call('RPUSH', PARK .. kind, entry)
    redis.call('SADD', PARKED, kind)
end

