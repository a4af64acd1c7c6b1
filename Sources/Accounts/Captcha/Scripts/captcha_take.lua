-- Takes a captcha away from the session it was made for. Its first try is the last; the try of another session is none.
--
-- KEYS[1]   captcha
-- ARGV[1]   digest of the session
-- Returns   1 if it was there, else 0
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
