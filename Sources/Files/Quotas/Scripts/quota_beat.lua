-- Says that leases go on. One that is not there any more, because this server was emptied, is made again.
--
-- KEYS      see quota.lua
-- ARGV      ttl (ms), then for each lease: its name, bytes, files
-- Returns   nothing
local ttl = tonumber(ARGV[1])
for i = 2, #ARGV, 3 do
    local bytes, files = held(ARGV[i])
    if bytes == 0 and files == 0 then bytes, files = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]) end
    hold(ARGV[i], bytes, files, ttl)
end
