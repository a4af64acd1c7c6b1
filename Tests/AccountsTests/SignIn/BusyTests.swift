import Accounts
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Signing in while all hash", .requires(.postgres))
struct BusyTests {
    @Test("H86 a known browser is let in at the first try while strangers' guesses fill all places; others are sent away")
    func knownBrowser() async throws {
        try await SignInFixture.with(waiting: 1) { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            let owner = try await Self.besideFlood(fixture) {
                #expect(await isSentAway { _ = try await fixture.begin("miami", from: .elsewhere()) })
                let owner = Task { try await fixture.begin("miami", from: .elsewhere(device: device)) }
                try await awaitTruth("the owner waits") { fixture.hasher.waiting == 3 }
                return owner
            }
            guard case .challenged = try await owner.value else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H86 a made-up device waits among the strangers, as does a known one that has guessed too often")
    func noWayRound() async throws {
        try await SignInFixture.with(waiting: 1) { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            for _ in 0..<10 { _ = try await fixture.begin("miami", "wrong password", from: .elsewhere(device: device)) }
            try await Self.besideFlood(fixture) {
                for token in [device, OpaqueToken()] {
                    #expect(await isSentAway { _ = try await fixture.begin("miami", from: .elsewhere(device: token)) })
                }
            }
        }
    }

    @Test("who is signed in changes the password beside a flood of guesses")
    func signedIn() async throws {
        try await SignInFixture.with(waiting: 1) { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            let change = try await Self.besideFlood(fixture) {
                let change = Task {
                    try await fixture.signIn.changePassword(
                        from: Secret(SignInFixture.password), to: Secret("a fine new one"), in: session, .somewhere)
                }
                try await awaitTruth("the change waits") { fixture.hasher.waiting == 3 }
                return change
            }
            guard case .changed = try await change.value else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H80 a registration that finds no place among the hashes counts nowhere, has nobody mailed, and leaves nothing")
    func registration() async throws {
        try await SignInFixture.with(waiting: 1) { fixture in
            _ = try await fixture.member()
            try await Self.besideFlood(fixture) {
                let form = Registration.Form(
                    name: "other", email: "miami@example.org", fullName: "", password: Secret(SignInFixture.password))
                for _ in 0..<3 {
                    #expect(await isSentAway { _ = try await fixture.registration.register(form, network: Visitor.somewhere.network) })
                }
            }
            for lane in ["register:net:192.0.2.1", "all-register:all"] { #expect(try await fixture.taken(lane) == 0) }
            #expect(fixture.notices.items.isEmpty)
        }
    }

    @Test("a login, and a password given again, that find no place among the hashes count nowhere")
    func givenBack() async throws {
        try await SignInFixture.with(waiting: 1) { fixture in
            let user = try await fixture.member()
            let entered = try await fixture.enter()
            let device = try #require(entered.device)
            for _ in 0..<9 { _ = try await fixture.begin("miami", "wrong password") }
            try await Self.besideFlood(fixture) {
                // The kept places are full as well.
                let known = (0..<16).map { number in
                    Task { try await fixture.hasher.hash(Secret("x"), for: .known(UserID(rawValue: -1 - number))) }
                }
                try await awaitTruth("they wait") { fixture.hasher.waiting == 18 }
                for _ in 0..<20 {
                    #expect(await isSentAway { _ = try await fixture.begin("miami", "wrong password") })
                    #expect(await isSentAway { _ = try await fixture.begin("miami", from: .elsewhere(device: device)) })
                    let isAway = await isSentAway {
                        _ = try await fixture.signIn.check(Secret("x"), orRecord: .tokenRefused, in: entered.session, .somewhere)
                    }
                    #expect(isAway)
                }
                known.forEach { $0.cancel() }
            }
            let counted = try await [
                "login:user:\(user.id):192.0.2.1", "logins:net:192.0.2.1", "device:user:\(user.id):\(device.digest)",
                "change:user:\(user.id)",
            ]
            .asyncMap { try await fixture.redis.send(RedisCommand("HGET", RedisArgument("{sess}th:\($0)"), "n")).int }
            #expect(counted == [9, 9, nil, nil])
            // No pause has begun either.
            guard case .challenged = try await fixture.begin("miami") else { throw SignInFixture.Unexpected() }
        }
    }

    /// Runs `body` while guesses of strangers have the two threads and the two places behind them.
    private static func besideFlood<T: Sendable>(_ fixture: SignInFixture, _ body: () async throws -> T) async throws -> T {
        let hashes = fixture.hashes.value
        fixture.gate.close()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            // Also when something fails: the group waits for those that are held.
            defer { fixture.gate.open() }
            for number in 0..<4 {
                group.addTask { _ = try await fixture.begin("nobody \(number)", "a wrong password", from: .elsewhere()) }
            }
            try await awaitTruth("all places are taken") { fixture.hashes.value == hashes + 2 && fixture.hasher.waiting == 2 }
            let value = try await body()
            fixture.gate.open()
            try await group.waitForAll()
            return value
        }
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
