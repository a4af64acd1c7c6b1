import Postgres
import Testing

@Suite struct StatementCacheTests {
    private func key(_ text: String, _ types: [UInt32] = []) -> StatementCache.Key { .init(text: text, types: types) }

    @Test func theLeastRecentlyUsedGoesFirst() {
        var cache = StatementCache(capacity: 2, listLifetime: .seconds(3600))
        for text in ["a", "b"] {
            #expect(cache.victim(for: key(text)) == nil)
            cache.insert(key(text), name: text)
        }
        #expect(cache.name(for: key("a")) == "a")
        #expect(cache.victim(for: key("c"))?.name == "b")
        cache.remove(key("b"))
        cache.insert(key("c"), name: "c")
        #expect(cache.name(for: key("b")) == nil)
        #expect(cache.name(for: key("a")) == "a")
        #expect(cache.count == 2)
    }

    @Test func sameTextWithOtherTypesIsAnotherStatement() {
        var cache = StatementCache(capacity: 2, listLifetime: .seconds(3600))
        cache.insert(key("SELECT $1", [20]), name: "s1")
        #expect(cache.name(for: key("SELECT $1", [0])) == nil)
    }

    @Test func aStatementForAListIsPreparedAnewOnceItIsOld() {
        let list = key("SELECT $1", [1016])
        for (lifetime, name) in [(Duration.seconds(3600), "s1"), (.zero, nil)] {
            var cache = StatementCache(capacity: 2, listLifetime: lifetime)
            cache.insert(list, name: "s1")
            cache.insert(key("SELECT $1", [20]), name: "s2")
            #expect(cache.name(for: list) == name)
            #expect(cache.name(for: key("SELECT $1", [20])) == "s2", "no list")
            #expect(cache.victim(for: list)?.name == "s1", "the server has to forget it first")
            cache.remove(list)
            #expect(cache.count == 1)
        }
    }

    @Test func namesAreNeverReused() {
        var cache = StatementCache(capacity: 1, listLifetime: .zero)
        let first = cache.makeName()
        cache.removeAll()
        #expect(cache.makeName() != first)
    }
}
