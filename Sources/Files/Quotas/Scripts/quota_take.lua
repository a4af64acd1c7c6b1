-- Reserves room for more: what is needed, and of what is wanted beyond that as much as leaves room for others.
--
-- KEYS      see quota.lua
-- ARGV      lease, bytes needed, bytes wanted, files needed, files wanted, ttl (ms), and the bytes and files that the lease keeps
--           when there is no room ('' for all that it has): what is refused makes room for others in the same step
-- Returns   { 0, bytes, files } reserved; { 1 (bytes) or 2 (files), limit, used, reserved } where there is no room; { -1 } when
--           the use is not known
local use = redis.call('HMGET', KEYS[1], 'bytes', 'files', 'byte_limit', 'file_limit')
if not use[1] then return { -1 } end
local ttl = tonumber(ARGV[6])
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', integer(clock()), 'LIMIT', 0, 1000)) do
    hold(lease, 0, 0, ttl)
end

-- Ahead of its bytes nobody takes more than this part of what is left: so uploads that meet the quota together fill it to the byte, and
-- what is left becomes a third with every 64 steps of all of them, however small their pieces are.
local SHARES = 64

local got = {}
for i, sum in ipairs({ '=bytes', '=files' }) do
    local needed, wanted = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local limit = tonumber(use[i + 2])
    if limit then
        local used, reserved = tonumber(use[i]), tonumber(redis.call('HGET', KEYS[2], sum)) or 0
        local left = limit - used - reserved
        if needed > 0 and left < needed then
            if ARGV[7] ~= '' then
                local bytes, files = held(ARGV[1])
                hold(ARGV[1], math.min(bytes, ARGV[7]), math.min(files, ARGV[8]), ttl)
            end
            return { i, limit, used, reserved }
        end
        wanted = math.max(0, needed, math.min(wanted, math.floor(left / SHARES)))
    end
    got[i] = wanted
end
local bytes, files = held(ARGV[1])
hold(ARGV[1], bytes + got[1], files + got[2], ttl)
return { 0, got[1], got[2] }
