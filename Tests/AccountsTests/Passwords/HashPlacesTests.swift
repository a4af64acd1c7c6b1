import Accounts
import Cryptography
import Platform
import RedisSupport
import Synchronization
import TestSupport
import Testing

@Suite("Places among the hashes")
struct HashPlacesTests {
    @Test("H86 strangers fill their places only; known users wait beside them and come first")
    func order() async throws {
        try await withHeldHasher { hasher, order, gate in
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { gate.open() }
                for name in ["first", "second", "third"] {
                    group.addTask { _ = try await hasher.hash(Secret(name)) }
                    try await awaitTruth("\(name) has a place") { order.names.count == 1 && hasher.waiting == Self.waiting(name) }
                }
                #expect(await isSentAway { _ = try await hasher.hash(Secret("stranger")) })
                for number in [1, 2] as [Int64] {
                    group.addTask { _ = try await hasher.hash(Secret("known \(number)"), for: .known(UserID(rawValue: number))) }
                    try await awaitTruth("a known user waits") { hasher.waiting == 2 + Int(number) }
                }
                // Theirs are full as well now.
                #expect(await isSentAway { _ = try await hasher.hash(Secret("x"), for: .known(UserID(rawValue: 3))) })
                gate.open()
                try await group.waitForAll()
            }
            #expect(order.names == ["first", "known 1", "known 2", "second", "third"])
        }
    }

    @Test("a user is served first with one password at a time, so that nobody keeps the threads for themselves")
    func onePlace() async throws {
        try await withHeldHasher { hasher, order, gate in
            let user = HashAsker.known(UserID(rawValue: 1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { gate.open() }
                group.addTask { _ = try await hasher.hash(Secret("one"), for: user) }
                try await awaitTruth("it runs") { order.names == ["one"] }
                group.addTask { _ = try await hasher.hash(Secret("stranger")) }
                try await awaitTruth("it waits") { hasher.waiting == 1 }
                group.addTask { _ = try await hasher.hash(Secret("two"), for: user) }
                try await awaitTruth("it waits") { hasher.waiting == 2 }
                // The places of strangers are full, and this user's is taken.
                #expect(await isSentAway { _ = try await hasher.hash(Secret("three"), for: user) })
                gate.open()
                try await group.waitForAll()
            }
            #expect(order.names == ["one", "stranger", "two"])
            // It came back: while all threads are taken this user is the first to be served again.
            gate.close()
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { gate.open() }
                group.addTask { _ = try await hasher.hash(Secret("held")) }
                try await awaitTruth("it runs") { order.names.last == "held" }
                group.addTask { _ = try await hasher.hash(Secret("another")) }
                try await awaitTruth("it waits") { hasher.waiting == 1 }
                group.addTask { _ = try await hasher.hash(Secret("four"), for: user) }
                try await awaitTruth("it waits") { hasher.waiting == 2 }
                gate.open()
                try await group.waitForAll()
            }
            #expect(order.names.suffix(3) == ["held", "four", "another"])
        }
    }

    @Test("who stops waiting leaves the place to others", arguments: [true, false])
    func cancelled(isKnown: Bool) async throws {
        try await withHeldHasher { hasher, order, gate in
            let user: HashAsker = isKnown ? .known(UserID(rawValue: 1)) : .stranger
            let first = Task { try await hasher.hash(Secret("first")) }
            try await awaitTruth("it runs") { order.names == ["first"] }
            for _ in 0..<20 {
                let waiting = Task { try await hasher.hash(Secret("never"), for: user) }
                try await awaitTruth("it waits") { hasher.waiting == 1 }
                waiting.cancel()
                #expect(await accountsCode { _ = try await waiting.value } == .cancelled)
                #expect(hasher.waiting == 0)
            }
            let last = Task { try await hasher.hash(Secret("last"), for: user) }
            try await awaitTruth("it waits") { hasher.waiting == 1 }
            gate.open()
            _ = (try await first.value, try await last.value)
            #expect(order.names == ["first", "last"])
        }
    }

    /// How many wait once all up to this one have come.
    private static func waiting(_ name: String) -> Int { ["first": 0, "second": 1][name] ?? 2 }

    /// One thread, held by the gate; two places for strangers and two for known users.
    private func withHeldHasher(_ body: (PasswordHasher, Order, Gate) async throws -> Void) async throws {
        let (pool, order, gate) = (BlockingPool(name: "passwords", size: 1), Order(), Gate())
        let hasher = try PasswordHasher(pool: pool, waiting: 2, kept: 2, cost: #require(Scrypt.Cost(logN: 4, r: 8, p: 1))) { name, _, _ in
            order.add(String(decoding: name, as: UTF8.self))
            gate.pass()
            return [UInt8](repeating: 0, count: 32)
        }
        gate.close()
        defer { gate.open() }
        try await body(hasher, order, gate)
        await pool.shutDown()
    }
}

/// What was hashed, in the order of its begin.
private final class Order: Sendable {
    private let list = Mutex<[String]>([])

    var names: [String] { list.withLock { $0 } }

    func add(_ name: String) {
        list.withLock { $0.append(name) }
    }
}
