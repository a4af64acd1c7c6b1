-- Renews leases that are still held, and says which of their jobs have been started.
--
-- ARGV[1]     length of a lease, ms
-- ARGV[2]     s, how many of the members are of started jobs; those come first
-- ARGV[3 …]   lease members (at most 256)
-- Returns     { indexes (from 1) of the leases that are lost, indexes of those whose job was cancelled }
local now = clock()
local expiry = integer(now + tonumber(ARGV[1]))
local started = tonumber(ARGV[2])
local scores = redis.call('ZMSCORE', LEASES, unpack(ARGV, 3))
local lost, cancelled, renewed = {}, {}, {}
isCancelled('')
for i = 1, #ARGV - 2 do
    local member = ARGV[i + 2]
    if scores[i] then
        renewed[#renewed + 1] = i <= started and expiry or expiry .. '.5'
        renewed[#renewed + 1] = member
        if anyCancelled then
            local _, entry = split(member)
            local job = parse(entry)
            if job and isCancelled(job.id) then cancelled[#cancelled + 1] = i end
        end
    else
        lost[#lost + 1] = i
    end
end
if #renewed > 0 then redis.call('ZADD', LEASES, 'XX', unpack(renewed)) end
return { lost, cancelled }
