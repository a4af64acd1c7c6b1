import Redis
import Testing

@Suite struct HashSlotTests {
    @Test(
        "slots of the specification's examples",
        arguments: [("123456789", 0x31C3), ("", 0), ("foo", 12182), ("{user1000}.following", 3443), ("somekey", 11058)])
    func examples(key: String, slot: Int) {
        #expect(HashSlot.of(key.utf8) == slot)
    }

    @Test(
        "only what the first braces hold decides, if they hold anything",
        arguments: [
            ("{user1000}.following", "{user1000}.followers", true), ("foo{}{bar}", "foo{}{baz}", false), ("foo{{bar}}zap", "{bar", true),
            ("foo{bar}{zap}", "bar", true), ("foo{bar", "bar", false), ("a}b{c}", "c", true),
        ])
    func tags(first: String, second: String, areTogether: Bool) {
        #expect((HashSlot.of(first.utf8) == HashSlot.of(second.utf8)) == areTogether)
    }

    @Test func `commands name their slot by their first key, and commands without a key none`() {
        let slot = HashSlot.of("k".utf8)
        #expect(RedisCommand("GET", "k").slot == slot)
        #expect(RedisCommand("zadd", "k", 1, "m").slot == slot)
        #expect(RedisCommand("SET", RedisArgument(Array("k".utf8)), "v").slot == slot)
        #expect(RedisCommand("EVALSHA", "abc", 2, "k", "l", "x").slot == slot)
        #expect(RedisCommand("EVALSHA", "abc", 0, "x").slot == nil)
        for name in ["PING", "info", "TIME", "SCRIPT"] { #expect(RedisCommand(name, "k").slot == nil) }
        #expect(RedisCommand("GET").slot == nil)
    }
}
