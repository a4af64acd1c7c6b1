-- Finds the session of something under way that it has let in, also where it has got another identifier since by a change of the
-- password, and renews its idle limit like session_touch.
--
-- ARGV[1]   digest of the identifier that was known last
-- ARGV[2]   1 for what a person did, 0 for polling
-- ARGV[3]   idle limit (ms)
-- Returns   { now (ms), digest, 1 if it lives, else 0, why it was ended or nil }
local digest, now = ARGV[1], clock()
-- Whoever looks every half minute meets one change or two.
for _ = 1, 100 do
    local heir = string.match(redis.call('GET', NOTE .. digest) or '', '^replaced:(.+)$')
    if not heir then break end
    digest = heir
end
local finalTime = redis.call('HGET', SESSION .. digest, 'end')
if not finalTime then return { now, digest, 0, reason(digest) } end
if ARGV[2] == '1' then renew(digest, ARGV[3], now, finalTime) end
return { now, digest, 1 }
