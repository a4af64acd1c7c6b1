-- Ends one session.
--
-- ARGV[1]   digest
-- ARGV[2]   the user it has to belong to, empty for any
-- ARGV[3]   reason
-- Returns   1 if there was such a session, else 0
if ARGV[2] ~= '' and redis.call('HGET', SESSION .. ARGV[1], 'user') ~= ARGV[2] then return 0 end
return finish(ARGV[1], ARGV[3]) and 1 or 0
