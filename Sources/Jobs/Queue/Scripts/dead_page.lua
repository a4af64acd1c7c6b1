-- One page of the dead set, oldest first.
--
-- ARGV[1]   page size (up to 256)
-- ARGV[2]   time of the last one seen, or an empty string for the first page
-- ARGV[3]   id of the last one seen
-- Returns   three per job: id, time of death, "<reason>\n<entry>"
local start = 0
if ARGV[2] ~= '' then
    local rank = redis.call('ZRANK', DEAD, ARGV[3])
    start = rank and rank + 1 or redis.call('ZCOUNT', DEAD, '-inf', '(' .. ARGV[2])
    -- It may be gone by now; of its millisecond those were seen whose id comes before its own.
    for _, id in ipairs(rank and {} or redis.call('ZRANGEBYSCORE', DEAD, ARGV[2], ARGV[2])) do
        if id < ARGV[3] then start = start + 1 end
    end
end
local page = redis.call('ZRANGE', DEAD, start, start + tonumber(ARGV[1]) - 1, 'WITHSCORES')
local result = {}
for i = 1, #page, 2 do
    result[#result + 1] = page[i]
    result[#result + 1] = page[i + 1]
    result[#result + 1] = redis.call('HGET', GRAVE, page[i]) or ''
end
return result
