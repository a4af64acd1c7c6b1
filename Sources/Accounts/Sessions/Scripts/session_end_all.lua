-- Ends all sessions of a user, those that still await a code included.
--
-- ARGV[1]   user
-- ARGV[2]   digest of a session to spare, or empty
-- ARGV[3]   reason
-- Returns   how many were ended, or -1 when the session to spare is none of the user's any more: then nobody is ended by it
if ARGV[2] ~= '' and redis.call('HGET', SESSION .. ARGV[2], 'user') ~= ARGV[1] then return -1 end
local count = 0
for _, digest in ipairs(redis.call('ZRANGE', INDEX .. ARGV[1], 0, -1)) do
    if digest ~= ARGV[2] then
        if finish(digest, ARGV[3]) then count = count + 1 else redis.call('ZREM', INDEX .. ARGV[1], digest) end
    end
end
return count
