import Postgres
import Testing

@Suite struct StatementCacheTests {
    private func key(_ text: String, _ types: [UInt32] = []) -> StatementCache.Key { .init(text: text, types: types) }

    @Test func theLeastRecentlyUsedGoesFirst() {
        var cache = StatementCache(capacity: 2)
        for text in ["a", "b"] {
            #expect(cache.evict() == nil)
            cache.insert(key(text), name: text)
        }
        #expect(cache.name(for: key("a")) == "a")
        #expect(cache.evict() == "b")
        cache.insert(key("c"), name: "c")
        #expect(cache.name(for: key("b")) == nil)
        #expect(cache.name(for: key("a")) == "a")
        #expect(cache.count == 2)
    }

    @Test func sameTextWithOtherTypesIsAnotherStatement() {
        var cache = StatementCache(capacity: 2)
        cache.insert(key("SELECT $1", [20]), name: "s1")
        #expect(cache.name(for: key("SELECT $1", [0])) == nil)
    }

    @Test func namesAreNeverReused() {
        var cache = StatementCache(capacity: 1)
        let first = cache.makeName()
        cache.removeAll()
        #expect(cache.makeName() != first)
    }
}
