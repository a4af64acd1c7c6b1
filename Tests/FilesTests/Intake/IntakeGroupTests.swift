import Cryptography
import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

/// What becomes true together with files, or not at all.
@Suite("Intake of groups", .requires(.postgres))
struct IntakeGroupTests {
    private let owner = UserID(rawValue: 7)

    @Test("H26 the files of a group are accepted together, or none of them and nothing stays")
    func together() async throws {
        try await run(limits: QuotaLimits(files: 4)) { intake, area, pool in
            let records = try await intake.accept(try await group(of: [10, 200_000, 30], intake, area))
            #expect(records.map(\.size) == [10, 200_000, 30])
            for record in records { #expect(area.content(of: record)?.count == Int(record.size)) }
            let before = Set(area.ready)
            let refusal = await #expect(throws: FilesError.self) {
                _ = try await intake.accept(try await group(of: [1, 300_000], intake, area))
            }
            #expect(refusal?.quota == QuotaNote(kind: .files, maximum: 4, used: 3))
            #expect(Set(area.ready) == before && area.incoming.isEmpty)
            #expect(try await rows(of: "files", pool) == 3)
        }
    }

    @Test("a group larger than a batch is one transaction")
    func large() async throws {
        try await run { intake, area, pool in
            let records = try await intake.accept(try await group(of: Array(repeating: 5, count: 300), intake, area))
            #expect(Set(records.map(\.id)).count == 300)
            let found = try await pool.query("SELECT count(*) AS count, count(DISTINCT xmin::text) AS transactions FROM files")
            #expect(try found[0].decode("count", as: Int.self) == 300)
            #expect(try found[0].decode("transactions", as: Int.self) == 1)
        }
    }

    @Test("a quota is filled to the byte by two processes at once, and the refused leave the packs of the others alone")
    func exact() async throws {
        try await TestDatabase.migrated { database in
            try await TestDatabase.withPool(database.configuration) { first in
                try await TestDatabase.withPool(database.configuration) { second in
                    try await TestStaging.with { area in
                        // Some were there before anybody counted, and one of them is on its way out.
                        let records = try await running(first, .none, area) { intake in
                            try await intake.accept(try await group(of: [100, 100, 100], intake, area))
                        }
                        _ = try await FileCatalog(pool: first).markDeleting(owner: owner, ids: [records[0].id])
                        let limits = QuotaLimits(bytes: 1250)
                        let accepted = try await running(first, limits, area) { one in
                            try await running(second, limits, area) { other in try await flood([one, other], area, count: 60) }
                        }
                        #expect(accepted.count == 10, "of 100 bytes each, beside the 200 that were there")
                        for record in accepted { #expect(area.content(of: record)?.count == 100) }
                        let use = try await first.query("SELECT bytes, files, version FROM file_usage WHERE owner_id = \(owner)")
                        #expect(try use[0].decode("bytes", as: Int.self) == 1200)
                        #expect(try use[0].decode("files", as: Int.self) == 12)
                    }
                }
            }
        }
    }

    @Test("who has a quota of their own is held to it where there is none for all")
    func own() async throws {
        try await run { intake, area, pool in
            try await pool.execute("INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, 100)")
            _ = try await intake.accept(try await group(of: [60], intake, area))
            let refusal = await #expect(throws: FilesError.self) { _ = try await intake.accept(try await group(of: [41], intake, area)) }
            #expect(refusal?.quota == QuotaNote(kind: .bytes, maximum: 100, used: 60))
            _ = try await intake.accept(try await group(of: [40], intake, area))
            let other = UserID(rawValue: 8)
            _ = try await intake.accept(try await group(of: [1000], owner: other, intake, area))
            #expect(try await rows(of: "file_usage", pool) == 1)
        }
    }

    /// What stands in the way of a group: nothing, something that fits, something that does not.
    enum Hurdle: CaseIterable {
        case none, right, wrong
    }

    static let hurdles = Hurdle.allCases.flatMap { upload in
        Hurdle.allCases.flatMap { reply in Hurdle.allCases.map { [upload, reply, $0] } }
    }

    @Test("file, upload, answer and quota change together or not at all", arguments: hurdles)
    func atomic(hurdles: [Hurdle]) async throws {
        let (upload, reply, quota) = (hurdles[0], hurdles[1], hurdles[2])
        try await run { intake, area, pool in
            let fence = UploadFence(id: UploadID(), epoch: upload == .wrong ? 2 : 3)
            let claim = UUIDv7()
            try await insert(fence.id, claim: claim, quota: quota, pool)
            let answer = StoredReply(status: 202, location: "/x", body: Array("{}".utf8), content: Array(repeating: 1, count: 32))
            let group = IntakeGroup(
                [try await member(10, intake, area)], upload: upload == .none ? nil : fence,
                reply: reply == .none ? nil : ReplyCompletion(claim: try held(reply == .wrong ? UUIDv7() : claim), reply: answer))
            let code = await code { _ = try await intake.accept(group) }
            let expected: FilesError.Code? = upload == .wrong || reply == .wrong ? .superseded : quota == .wrong ? .quotaExceeded : nil
            #expect(code == expected)

            let isDone = expected == nil
            #expect(try await rows(of: "files", pool) == (isDone ? 1 : 0))
            #expect(area.ready.count == (isDone ? 1 : 0))
            let now = try await pool.query(
                """
                SELECT uploads.state, uploads.file, byte_offset, status, body, bytes FROM uploads, replies
                LEFT JOIN file_usage ON true
                """)[0]
            #expect(try now.decode("state", as: String.self) == (isDone && upload == .right ? "complete" : "open"))
            #expect(try now.decode("file", as: FileID?.self) == (isDone && upload == .right ? group.members[0].record.id : nil))
            #expect(try now.decode("byte_offset", as: Int.self) == (isDone && upload == .right ? 10 : 4))
            #expect(try now.decode("status", as: Int?.self) == (isDone && reply == .right ? 202 : nil))
            #expect(try now.decode("body", as: [UInt8]?.self) == (isDone && reply == .right ? answer.body : nil))
            #expect(try now.decode("bytes", as: Int?.self) == (quota == .none ? nil : isDone ? 10 : 0))
        }
    }

    @Test("of two that want to end the same upload, one does")
    func twice() async throws {
        try await run { intake, area, pool in
            let fence = UploadFence(id: UploadID(), epoch: 3)
            try await insert(fence.id, claim: UUIDv7(), quota: .none, pool)
            let groups = [
                IntakeGroup([try await member(10, intake, area)], upload: fence),
                IntakeGroup([try await member(10, intake, area)], upload: fence),
            ]
            async let first = code { _ = try await intake.accept(groups[0]) }
            async let second = code { _ = try await intake.accept(groups[1]) }
            let codes = await [first, second]
            #expect(codes.contains(nil) && codes.contains(.superseded))
            #expect(try await rows(of: "files", pool) == 1)
            #expect(area.ready.count == 1)
        }
    }

    private func held(_ claim: UUIDv7) throws -> ReplyClaim {
        ReplyClaim(owner: owner, key: try #require(SHA256Digest(bytes: [UInt8](repeating: 0, count: 32))), id: claim)
    }

    private func insert(_ upload: UploadID, claim: UUIDv7, quota: Hurdle, _ pool: PostgresPool) async throws {
        try await pool.execute(
            """
            INSERT INTO uploads (id, owner_id, area, kind, length, byte_offset, epoch, content_type, expires_at)
            VALUES (\(upload), \(owner), 'a', 'whole', 10, 4, 3, 'text/plain', now())
            """)
        let digest = [UInt8](repeating: 0, count: 32)
        try await pool.execute(
            """
            INSERT INTO replies (owner_id, key, request, claim, lease_until, expires_at)
            VALUES (\(owner), \(digest), \(digest), \(claim), now(), now())
            """)
        guard quota != .none else { return }
        try await pool.execute(
            "INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, \(Int64(quota == .right ? 10 : 9)))")
    }

    /// - Returns: what was accepted.
    private func flood(_ intakes: [FileIntake], _ area: StagingArea, count: Int) async throws -> [FileRecord] {
        try await withThrowingTaskGroup(of: FileRecord?.self) { tasks in
            for index in 0..<count {
                tasks.addTask {
                    let intake = intakes[index % intakes.count]
                    do {
                        return try await intake.accept(try await group(of: [100], intake, area))[0]
                    } catch let error as FilesError {
                        #expect(error.quota?.kind == .bytes && error.quota?.maximum == 1250)
                        return nil
                    }
                }
            }
            return try await tasks.reduce(into: []) { if let record = $1 { $0.append(record) } }
        }
    }

    private func group(of sizes: [Int], owner: UserID? = nil, _ intake: FileIntake, _ area: StagingArea) async throws -> IntakeGroup {
        var members: [IntakeGroup.Member] = []
        for size in sizes { members.append(try await member(size, owner: owner, intake, area)) }
        return IntakeGroup(members)
    }

    private func member(_ size: Int, owner: UserID? = nil, _ intake: FileIntake, _ area: StagingArea) async throws -> IntakeGroup.Member {
        intake.member(
            try await area.receive(pattern(size)), owner: owner ?? self.owner, name: try FileName(cleaning: "a.txt"),
            contentType: "text/plain")
    }

    private func rows(of table: SQL, _ pool: PostgresPool) async throws -> Int {
        try await pool.query("SELECT count(*) FROM \(sql: table)")[0].decode(at: 0)
    }

    private func run(
        limits: QuotaLimits = .none, _ body: (FileIntake, StagingArea, PostgresPool) async throws -> Void
    ) async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await TestStaging.with { area in
                try await running(pool, limits, area) { try await body($0, area, pool) }
            }
        }
    }

    private func running<T>(
        _ pool: PostgresPool, _ limits: QuotaLimits, _ area: StagingArea, _ body: (FileIntake) async throws -> T
    ) async throws -> T {
        let intake = FileIntake(pool: pool, staging: area, limits: limits) { _ in }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await intake.run() }
            defer { group.cancelAll() }
            return try await body(intake)
        }
    }
}
