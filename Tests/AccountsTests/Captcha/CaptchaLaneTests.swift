import Accounts
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("What captchas cost", .requires(.postgres))
struct CaptchaLaneTests {
    private static let network = "net:192.0.2.1"

    @Test("H83 a network has 300 drawings in ten minutes, however many it asks for at once")
    func network() async throws {
        try await SignInFixture.with { fixture in
            let captchas = fixture.signIn.captchas
            let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<320 { group.addTask { try await captchas.admitDrawing(for: .somewhere).isAdmitted } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(admitted == 300)
            guard case .throttled(let retryAfter) = try await captchas.admitDrawing(for: .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(retryAfter > .zero && retryAfter <= .seconds(600))
            #expect(try await captchas.admitDrawing(for: .elsewhere()).isAdmitted)
        }
    }

    @Test("H83 when its network is at the limit, a browser that somebody has signed in with has 60 drawings of its own")
    func knownBrowser() async throws {
        try await SignInFixture.with { fixture in
            let owner = try await Self.owner(fixture)
            try await Self.fill("captchas", fixture)
            var admitted: [CaptchaAdmission] = []
            for _ in 0..<61 { admitted.append(try await fixture.signIn.captchas.admitDrawing(for: owner)) }
            #expect(admitted.filter(\.isAdmitted).count == 60 && !admitted[60].isAdmitted)
        }
    }

    @Test("H83 a cookie that somebody made up, or of a browser that was forgotten, has no lane of its own, and leaves no key")
    func inventedBrowser() async throws {
        try await SignInFixture.with { fixture in
            let owner = try await Self.owner(fixture)
            try await Self.fill("captchas", fixture)
            try await Self.fill("answers", fixture)
            let liar = Visitor(network: Visitor.somewhere.network, deviceToken: OpaqueToken())
            #expect(try await !fixture.signIn.captchas.admitDrawing(for: liar).isAdmitted)
            #expect(try await !Self.isLookedAt(liar, fixture))
            try await fixture.pool.execute("DELETE FROM known_devices")
            #expect(try await !fixture.signIn.captchas.admitDrawing(for: owner).isAdmitted)
            #expect(try await fixture.redis.send(RedisCommand("KEYS", "{sess}th:known-*")).array == [])
        }
    }

    @Test("H83 a network has 300 answers in ten minutes, a known browser 60 more, and none that is refused uses up its captcha")
    func answers() async throws {
        try await SignInFixture.with { fixture in
            let owner = try await Self.owner(fixture)
            let (captchas, session) = (fixture.signIn.captchas, fixture.signIn.sessions.open())
            try await Self.fill("answers", fixture)
            let id = captchas.make(for: session)
            let letters = try fixture.letters(of: id, session)
            guard case .throttled(let retryAfter) = try await captchas.answer(id, with: letters, for: session, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(retryAfter > .zero && retryAfter <= .seconds(600))
            #expect(try await captchas.answer(id, with: letters, for: session, owner) == .right)
            for _ in 0..<59 { #expect(try await Self.isLookedAt(owner, fixture)) }
            #expect(try await !Self.isLookedAt(owner, fixture))
            guard case .throttled = try await fixture.begin("miami", from: .somewhere),
                case .challenged = try await fixture.begin("miami", from: .elsewhere())
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H83 without Postgres a full network is full for everybody, and the error says so")
    func withoutDevices() async throws {
        try await SignInFixture.with { fixture in
            let owner = try await Self.owner(fixture)
            try await fixture.pool.execute("ALTER TABLE known_devices RENAME TO elsewhere")
            #expect(try await fixture.signIn.captchas.admitDrawing(for: owner).isAdmitted)
            try await Self.fill("captchas", fixture)
            #expect(await accountsCode { _ = try await fixture.signIn.captchas.admitDrawing(for: owner) } == .database)
        }
    }

    /// Somebody in the usual network with a browser that is known.
    private static func owner(_ fixture: SignInFixture) async throws -> Visitor {
        _ = try await fixture.member()
        let device = try #require(try await fixture.enter(from: .elsewhere()).device)
        return Visitor(network: Visitor.somewhere.network, deviceToken: device)
    }

    /// As if the usual network had used up what it has.
    private static func fill(_ rule: String, _ fixture: SignInFixture) async throws {
        let lane = RedisArgument("{sess}th:\(rule):\(network)")
        _ = try await fixture.redis.send(RedisCommand("HSET", lane, "n", 300))
        _ = try await fixture.redis.send(RedisCommand("EXPIRE", lane, 600))
    }

    /// Whether an answer is compared at all.
    private static func isLookedAt(_ visitor: Visitor, _ fixture: SignInFixture) async throws -> Bool {
        let session = fixture.signIn.sessions.open()
        return try await fixture.signIn.captchas.answer(fixture.signIn.captchas.make(for: session), with: "", for: session, visitor)
            == .wrong
    }
}

extension CaptchaAdmission {
    var isAdmitted: Bool {
        if case .admitted = self { true } else { false }
    }
}
