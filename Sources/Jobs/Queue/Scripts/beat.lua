-- Renews leases that are still held.
--
-- ARGV[1]     length of a lease, ms
-- ARGV[2 …]   lease members (at most 500)
-- Returns     indexes (from 1) of the leases that are lost
local now = clock()
local expiry = integer(now + tonumber(ARGV[1]))
local scores = redis.call('ZMSCORE', LEASES, unpack(ARGV, 2))
local lost, renewed = {}, {}
for i = 2, #ARGV do
    if scores[i - 1] then
        renewed[#renewed + 1] = expiry
        renewed[#renewed + 1] = ARGV[i]
    else
        lost[#lost + 1] = i - 1
    end
end
if #renewed > 0 then redis.call('ZADD', LEASES, 'XX', unpack(renewed)) end
return lost
