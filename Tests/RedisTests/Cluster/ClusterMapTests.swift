import Redis
import Testing

@Suite struct ClusterMapTests {
    private let asked = RedisEndpoint(host: "seed", port: 7000)

    private func node(_ host: RedisValue, _ port: Int64) -> RedisValue {
        .array([host, .integer(port), .bytes(Array("id".utf8)), .array([])])
    }

    private func text(_ text: String) -> RedisValue { .bytes(Array(text.utf8)) }

    @Test func `ranges are read, and holes stay uncovered`() throws {
        let reply = RedisValue.array([
            .array([.integer(0), .integer(99), node(text("a"), 1), node(text("r"), 9)]),
            .array([.integer(200), .integer(16383), node(text("b"), 2)]), .array([.integer(150), .integer(150), node(text("a"), 1)]),
        ])
        let map = try #require(ClusterMap(reply, asked: asked))
        #expect(map.owner(of: 0) == RedisEndpoint(host: "a", port: 1))
        #expect(map.owner(of: 99) == map.owner(of: 150))
        #expect(map.owner(of: 100) == nil && map.owner(of: 199) == nil)
        #expect(map.owner(of: 16383) == RedisEndpoint(host: "b", port: 2))
        #expect(map.owners.count == 2)
        #expect(map.replicas == [RedisEndpoint(host: "r", port: 9)])
        #expect(map.uncovered == 99)
    }

    @Test func `an empty or missing host is the one that was asked, an unknown one is nobody`() throws {
        let reply = RedisValue.array([
            .array([.integer(0), .integer(0), node(text(""), 1)]), .array([.integer(1), .integer(1), node(text("?"), 1)]),
            .array([.integer(2), .integer(2), node(.null, 1)]),
        ])
        let map = try #require(ClusterMap(reply, asked: asked))
        #expect(map.owner(of: 0) == RedisEndpoint(host: "seed", port: 1))
        #expect(map.owner(of: 1) == nil)
        #expect(map.owner(of: 2) == RedisEndpoint(host: "seed", port: 1))
    }

    @Test(
        "what is no map is none",
        arguments: [
            RedisValue.null, .integer(1), .array([.integer(1)]), .array([.array([.integer(0), .integer(16384), .array([])])]),
            .array([.array([.integer(5), .integer(4), .array([])])]), .array([.array([.integer(-1), .integer(4), .array([])])]),
        ])
    func malformed(reply: RedisValue) {
        #expect(ClusterMap(reply, asked: RedisEndpoint(host: "h", port: 1)) == nil)
    }

    @Test func `a slot can be moved to a node that was not known`() throws {
        var map = ClusterMap()
        map.move(7, to: asked)
        #expect(map.owner(of: 7) == asked)
        #expect(map.uncovered == HashSlot.count - 1)
    }

    @Test func `redirections are read`() {
        let other = RedisEndpoint(host: "10.0.0.1", port: 7001)
        #expect(ClusterRefusal("MOVED 3999 10.0.0.1:7001", asked: asked) == .moved(slot: 3999, other))
        #expect(ClusterRefusal("ASK 3999 10.0.0.1:7001", asked: asked) == .ask(other))
        #expect(ClusterRefusal("MOVED 1 :7001", asked: asked) == .moved(slot: 1, RedisEndpoint(host: "seed", port: 7001)))
        #expect(ClusterRefusal("MOVED 1 ::1:7001", asked: asked) == .moved(slot: 1, RedisEndpoint(host: "::1", port: 7001)))
        for text in ["TRYAGAIN Multiple keys", "CLUSTERDOWN The cluster is down", "LOADING x", "UNBLOCKED force"] {
            #expect(ClusterRefusal(text, asked: asked) == .wait)
        }
    }

    @Test(
        "what is no refusal is none",
        arguments: [
            "", "ERR x", "MOVED", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h", "MOVED 1 h:0", "MOVED 1 h:99999", "ASK x h:1",
            "NOSCRIPT x",
        ])
    func others(text: String) {
        #expect(ClusterRefusal(text, asked: RedisEndpoint(host: "h", port: 1)) == nil)
    }
}
