import DatabaseSupport
import Files
import Platform
import Postgres
import RedisSupport
import TestSupport
import Testing

@Suite("What is counted", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(3 * Patience.factor)))
struct QuotaCountTests {
    private let owner = UserID(rawValue: 1)

    private enum Step: CaseIterable {
        case upload, upload2, stream, abandon, kill, delete, empty, look
    }

    @Test("whatever is taken, accepted, deleted and lost in three processes: never beyond the quota, and exact", arguments: [1, 2, 3, 4])
    func model(seed: UInt64) async throws {
        let limits = QuotaLimits(bytes: 20_000, files: 12)
        var times = QuotaTimes()
        (times.use, times.lease, times.beat) = (.milliseconds(100), .milliseconds(500), .milliseconds(100))
        try await QuotaFixture.with(keepers: 3, limits: limits, times: times) { fixture in
            let accepted = Tally()
            try await fixture.withIntakes { intakes, area in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, intake) in intakes.enumerated() {
                        group.addTask {
                            var generator = SeededGenerator(state: seed << 8 | UInt64(index))
                            for _ in 0..<60 {
                                let step = Step.allCases.randomElement(using: &generator) ?? .look
                                let size = Int.random(in: 0...3000, using: &generator)
                                let hasRoom =
                                    try await refusal {
                                        try await take(step, size, fixture.keepers[index], intake, area, fixture)
                                        if [.upload, .upload2, .stream].contains(step) { accepted.add() }
                                    } == nil
                                guard step == .look || !hasRoom else { continue }
                                let count = try await fixture.count(of: owner)
                                #expect(count.map { $0.noted == $0.actual && $0.noted[0] <= 20_000 && $0.noted[1] <= 12 } ?? true)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(accepted.count > 20, "nearly all was refused: the test tests nothing")
            let count = try #require(try await fixture.count(of: owner))
            #expect(count.noted == count.actual)
            try await awaitTruth("nothing is promised any more") { try await fixture.keepers[0].state(of: owner)?.reservedBytes == 0 }
            let left = 20_000 - count.noted[0]
            try await awaitTruth("all that is left can be had") {
                try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: left, files: 0) } == nil
            }
            try await awaitTruth("and was given back") { try await fixture.keepers[0].state(of: owner)?.reservedBytes == 0 }
            #expect(try await refusal { _ = try await fixture.keepers[2].take(owner: owner, bytes: left + 1, files: 0) } != nil)
        }
    }

    private func take(
        _ step: Step, _ size: Int, _ keeper: QuotaKeeper, _ intake: FileIntake, _ area: StagingArea, _ fixture: QuotaFixture
    ) async throws {
        let catalog = FileCatalog(pool: fixture.pool, quotas: keeper)
        switch step {
        case .upload, .upload2:
            let lease = try await keeper.take(owner: owner, bytes: Int64(size))
            try await accept(size, intake, area, lease)
        case .stream:
            let lease = try await keeper.take(owner: owner, bytes: 0, ahead: 1000)
            try await lease.use(bytes: Int64(size), files: 1)
            try await accept(size, intake, area, lease)
        case .abandon: _ = try await keeper.take(owner: owner, bytes: Int64(size))
        case .kill: try await keeper.take(owner: owner, bytes: Int64(size)).keep()
        case .delete:
            let ids = try await catalog.page(owner: owner, limit: 2).files.map(\.id)
            _ = try await catalog.markDeleting(owner: owner, ids: ids)
        case .empty: try await fixture.redis.ask("FLUSHALL")
        case .look: break
        }
    }

    private func accept(_ size: Int, _ intake: FileIntake, _ area: StagingArea, _ lease: QuotaLease?) async throws {
        _ = try await intake.accept(
            try await area.receive(pattern(size)), owner: owner, name: try FileName(cleaning: "a"), contentType: "text/plain", lease: lease)
    }

    @Test("a first quota that comes amid uploads and deletions counts them all", arguments: 0..<6)
    func firstQuota(round: Int) async throws {
        try await QuotaFixture.with(keepers: 1) { fixture in
            let catalog = FileCatalog(pool: fixture.pool, quotas: fixture.keepers[0])
            try await fixture.withIntakes { intakes, area in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask { for size in 1...15 { try await accept(size, intakes[0], area, nil) } }
                    }
                    group.addTask {
                        for _ in 0..<10 {
                            let ids = try await catalog.page(owner: owner, limit: 2).files.map(\.id)
                            _ = try await catalog.markDeleting(owner: owner, ids: ids)
                        }
                    }
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(3 * round))
                        let quotas = QuotaAdministration(pool: fixture.pool, limits: .none)
                        #expect(try await quotas.set(bytes: .most(1 << 40), files: nil, for: owner)?.limits.bytes == 1 << 40)
                    }
                    try await group.waitForAll()
                }
            }
            let count = try #require(try await fixture.count(of: owner))
            #expect(count.noted == count.actual && count.actual[1] > 0)
        }
    }

    @Test("a first quota waits for a transaction that has seen none yet, and counts what that adds")
    func firstQuotaWaits() async throws {
        try await QuotaFixture.with(keepers: 1) { fixture in
            let (id, gate) = (UploadID(), Gate())
            let waiting = Tally()
            try await fixture.pool.execute(
                """
                INSERT INTO uploads (id, owner_id, area, kind, state, length, content_type, expires_at)
                VALUES (\(id), \(owner), 'a', 'whole', 'finishing', 5, 'text/plain', now() + interval '1 day')
                """)
            try await fixture.withIntakes { intakes, area in
                let file = try await area.receive(pattern(5))
                let member = intakes[0].member(file, owner: owner, name: try FileName(cleaning: "a"), contentType: "text/plain")
                gate.close()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { gate.open() }
                    group.addTask {
                        try await fixture.pool.transaction { session in
                            try session.execute("SELECT FROM uploads WHERE id = \(id) FOR UPDATE")
                            waiting.add()
                            gate.pass()
                        }
                    }
                    try await awaitTruth("the upload is locked") { waiting.count == 1 }
                    group.addTask { _ = try await intakes[0].accept(IntakeGroup([member], upload: UploadFence(id: id, epoch: 0))) }
                    try await awaitTruth("the transaction has looked for a quota") { try await waiters(fixture.pool) == 1 }
                    let set = Tally()
                    group.addTask {
                        _ = try await QuotaAdministration(pool: fixture.pool, limits: .none).set(bytes: .most(9), files: nil, for: owner)
                        set.add()
                    }
                    try await awaitTruth("the quota waits, or does not") {
                        if set.count == 1 { return true }
                        return try await waiters(fixture.pool) == 2
                    }
                    gate.open()
                    try await group.waitForAll()
                }
            }
            #expect(try await fixture.count(of: owner)?.noted == [5, 1])
        }
    }

    private func waiters(_ pool: PostgresPool) async throws -> Int {
        let rows = try await pool.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return try rows[0].decode(at: 0)
    }

    @Test("a quota below what is there keeps the files and refuses more; default, none and a number are told apart")
    func setting() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 50, files: 7)) { fixture in
            let quotas = QuotaAdministration(pool: fixture.pool, limits: fixture.limits)
            for size in [10, 20] as [Int64] { try await insert(fixture.pool, owner, "a", size: size) }
            let use = try #require(try await quotas.set(bytes: .most(25), files: .unlimited, for: owner))
            #expect(use.bytes == 30 && use.files == 2 && use.limits == QuotaLimits(bytes: 25, files: nil))
            let note = try await refusal { _ = try await fixture.keepers[0].take(owner: owner, bytes: 1) }
            #expect(note == QuotaNote(kind: .bytes, maximum: 25, used: 30))
            #expect(try await quotas.set(bytes: .standard, files: nil, for: owner)?.limits == QuotaLimits(bytes: 50, files: nil))
            #expect(try await quotas.set(bytes: nil, files: .standard, for: owner)?.limits == QuotaLimits(bytes: 50, files: 7))
        }
    }

    @Test("a count that is wrong keeps nobody from deleting, and is right after a recount")
    func recount() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 50)) { fixture in
            let quotas = QuotaAdministration(pool: fixture.pool, limits: fixture.limits)
            let ids = [try await insert(fixture.pool, owner, "a", size: 10), try await insert(fixture.pool, owner, "b", size: 20)]
            #expect(try await quotas.find(owner)?.bytes == 30)
            try await fixture.pool.execute("UPDATE file_usage SET bytes = 4, files = 0")
            let catalog = FileCatalog(pool: fixture.pool, quotas: fixture.keepers[0])
            #expect(try await catalog.markDeleting(owner: owner, ids: [ids[0]]).count == 1)
            let found = try #require(try await quotas.recount(owner))
            #expect(found.before.bytes == 0 && found.now.bytes == 20 && found.now.files == 1 && found.now.version > found.before.version)
            #expect(try await quotas.recount(UserID(rawValue: 2)) == nil)
        }
    }

    @Test("the room of deleted files is there when the deletion has returned, in every process")
    func deletion() async throws {
        try await QuotaFixture.with(limits: QuotaLimits(bytes: 30)) { fixture in
            let ids = [try await insert(fixture.pool, owner, "a", size: 10), try await insert(fixture.pool, owner, "b", size: 20)]
            #expect(try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 1) } != nil)
            _ = try await FileCatalog(pool: fixture.pool, quotas: fixture.keepers[0]).markDeleting(owner: owner, ids: ids)
            #expect(try await refusal { _ = try await fixture.keepers[1].take(owner: owner, bytes: 30) } == nil)
        }
    }
}
