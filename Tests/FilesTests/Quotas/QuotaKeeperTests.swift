import Files
import Platform
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Promises of room", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(3 * Patience.factor)))
struct QuotaKeeperTests {
    private let owner = UserID(rawValue: 1)

    @Test("what one process has promised no other promises again, and what is given back can be had")
    func sharing() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100)) { fixture in
            let (one, other) = (fixture.keepers[0], fixture.keepers[1])
            try await holding(try await one.take(owner: owner, bytes: 60)) {
                let note = try await refusal { _ = try await other.take(owner: owner, bytes: 41) }
                #expect(note == QuotaNote(kind: .bytes, maximum: 100, used: 0, reserved: 60))
                #expect(try await refusal { _ = try await other.take(owner: owner, bytes: 40) } == nil)
                let state = try #require(try await other.state(of: owner))
                #expect(state.use.limits.bytes == 100 && state.reservedBytes >= 60 && state.reservedFiles >= 1)
            }
            try await awaitTruth("all is given back") { try await refusal { _ = try await other.take(owner: owner, bytes: 100) } == nil }
        }
    }

    @Test("the number of files is limited too, and the refusal says so")
    func files() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(files: 2)) { fixture in
            try await holding(try await fixture.keepers[0].take(owner: owner, bytes: .max, files: 2)) {
                let note = try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 0) }
                #expect(note == QuotaNote(kind: .files, maximum: 2, used: 0, reserved: 2))
            }
        }
    }

    @Test("an upload of unknown length gets what there is, and is refused with the first byte beyond that")
    func growth() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 3_000_000)) { fixture in
            let lease = try await fixture.keepers[0].take(owner: owner, bytes: 0, ahead: 1 << 20)
            for _ in 0..<29 { try await lease.use(bytes: 100_000) }
            #expect(try await refusal { try await lease.use(bytes: 100_001) }?.maximum == 3_000_000)
            try await lease.use(bytes: 100_000)
            #expect(try await refusal { try await lease.use(bytes: 1) } != nil)
            lease.giveBack(bytes: 100_000)
            try await lease.use(bytes: 99_999)
        }
    }

    @Test("uploads of unknown length that meet a quota together fill it to the byte, whatever was reserved ahead")
    func toTheByte() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 3_000_000)) { fixture in
            var leases: [QuotaLease] = []
            for keeper in fixture.keepers { leases.append(try await keeper.take(owner: owner, bytes: 0, ahead: 1 << 20)) }
            for _ in 0..<30 { for lease in leases { try await lease.use(bytes: 50_000) } }
            for lease in leases { #expect(try await refusal { try await lease.use(bytes: 1) }?.reserved == 3_000_000) }
        }
    }

    @Test("room is asked for in steps, and near the quota in smaller ones, but not with every piece")
    func steps() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 1 << 30)) { fixture in
            let lease = try await fixture.keepers[0].take(owner: owner, bytes: 0, ahead: 1 << 20)
            let before = try await fixture.scriptCount()
            for _ in 0..<1 << 11 { try await lease.use(bytes: 1 << 16) }
            #expect(try await fixture.scriptCount() - before < 50, "an eighth of the quota, in 2048 pieces")
            for _ in 0..<7 << 11 { try await lease.use(bytes: 1 << 16) }
            #expect(try await fixture.scriptCount() - before < 600, "all of it, in 16384 pieces")
            #expect(try await refusal { try await lease.use(bytes: 1) } != nil)
        }
    }

    @Test("a file that is refused in its middle makes room in the same moment; what came before it in its request stays")
    func refusedInTheMiddle() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 1_000_000)) { fixture in
            let (one, other) = (fixture.keepers[0], fixture.keepers[1])
            let lease = try await one.take(owner: owner, bytes: 0)
            try await lease.use(bytes: 100_000, files: 1)
            try await lease.use(bytes: 0, files: 1)
            try await lease.use(bytes: 600_000, of: 0)
            try await holding(try await other.take(owner: owner, bytes: 200_000)) {
                #expect(try await refusal { try await lease.use(bytes: 200_000, of: 600_000) } != nil)
                #expect(try await refusal { _ = try await other.take(owner: owner, bytes: 700_001) }?.reserved == 300_000)
                let last = try await other.take(owner: owner, bytes: 700_000)
                #expect(try await refusal { try await lease.use(bytes: 1, files: 1) } != nil, "what was given back is not there")
                withExtendedLifetime(last) {}
            }
            withExtendedLifetime(lease) {}
        }
    }

    @Test("Redis was emptied: promises of processes that live are there again after a beat")
    func emptied() async throws {
        var times = QuotaTimes()
        times.beat = .milliseconds(50)
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100), times: times) { fixture in
            try await holding(try await fixture.keepers[0].take(owner: owner, bytes: 60)) {
                try await fixture.redis.ask("FLUSHALL")
                try await awaitTruth("the promise is known again") {
                    try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 60) }?.reserved == 60
                }
            }
        }
    }

    @Test("a process was killed: its promises lapse")
    func killed() async throws {
        var times = QuotaTimes()
        // Long enough to be seen.
        times.lease = Duration.seconds(1).stretched
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100), times: times) { fixture in
            // Nobody beats for it, and nobody gives it back.
            try await fixture.keepers[0].take(owner: owner, bytes: 60).keep()
            #expect(try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 60) } != nil)
            try await awaitTruth("it has lapsed") {
                try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 60) } == nil
            }
        }
    }

    @Test("without Redis the row is asked, and what was promised meanwhile is known once it is back")
    func redisAway() async throws {
        var times = QuotaTimes()
        times.beat = .milliseconds(50)
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100), times: times) { fixture in
            fixture.redis.kill()
            try await holding(try await fixture.keepers[0].take(owner: owner, bytes: 60)) {
                let note = try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 101) }
                #expect(note == QuotaNote(kind: .bytes, maximum: 100, used: 0))
                try await fixture.redis.restart()
                try await awaitTruth("the promise is known") {
                    try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 60) }?.reserved == 60
                }
            }
        }
    }

    @Test("a Redis that does not answer holds nobody up for long")
    func redisSilent() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100)) { fixture in
            _ = try await fixture.keepers[0].take(owner: owner, bytes: 1)
            fixture.redis.suspend()
            defer { fixture.redis.resume() }
            let start = ContinuousClock.now
            #expect(try await refusal { _ = try await fixture.keepers[0].take(owner: owner, bytes: 100) } == nil)
            #expect(ContinuousClock.now - start < .seconds(2).stretched)
        }
    }

    @Test("uploads that can be resumed have their room by their rows")
    func resumable() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 100)) { fixture in
            let id = UploadID()
            try await fixture.pool.execute(
                """
                INSERT INTO uploads (id, owner_id, area, kind, length, content_type, expires_at)
                VALUES (\(id), \(owner), 'a', 'whole', 60, 'text/plain', now() + interval '1 day')
                """)
            let note = try await refusal { _ = try await fixture.keepers[0].take(owner: owner, bytes: 41) }
            #expect(note?.reserved == 60)
            try await fixture.pool.execute("UPDATE uploads SET state = 'dead' WHERE id = \(id)")
            fixture.keepers[0].release(id, of: owner)
            try await awaitTruth("its room is back") {
                try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 100) } == nil
            }
        }
    }

    @Test("for users without a quota Redis is not asked")
    func unmetered() async throws {
        try await QuotaFixture.with { fixture in
            let before = try await fixture.redis.commandCount()
            let lease = try await fixture.keepers[0].take(owner: owner, bytes: .max)
            try await lease.use(bytes: .max, files: .max)
            #expect(try await fixture.keepers[0].state(of: owner) == nil)
            #expect(try await fixture.redis.commandCount() == before)
        }
    }

    /// Keeps a lease until `body` is done.
    private func holding(_ lease: QuotaLease, _ body: () async throws -> Void) async throws {
        try await body()
        withExtendedLifetime(lease) {}
    }
}
