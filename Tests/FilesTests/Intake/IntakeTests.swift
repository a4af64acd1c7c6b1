import Cryptography
import DatabaseSupport
import Files
import Glibc
import Platform
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Intake", .requires(.postgres))
struct IntakeTests {
    private let owner = UserID(rawValue: 1)

    @Test("an accepted file is durable, has a row, and is announced")
    func accept() async throws {
        let announced = Mutex<[FileRecord]>([])
        try await run(announce: { records in announced.withLock { $0 += records } }) { intake, area, pool in
            let bytes = pattern(5000)
            let file = try await area.receive(bytes)
            let record = try await intake.accept(
                file, owner: owner, name: try FileName(cleaning: "Plan ü.PDF"), contentType: "Application/PDF")
            #expect(record.state == .staged && record.size == 5000 && record.sha256 == SHA256Hasher.digest(of: bytes))
            #expect(record.contentType == "application/pdf" && record.key.hasSuffix(".pdf"))
            #expect(area.content(of: record) == bytes)
            #expect(try await FileCatalog(pool: pool).find(owner: owner, id: record.id) == record)
        }
        #expect(announced.withLock { $0.map(\.name) } == ["Plan ü.PDF"])
    }

    @Test("H40 the same name a hundred times at once: a hundred files in few transactions")
    func concurrent() async throws {
        try await run { intake, area, pool in
            let records = try await withThrowingTaskGroup(of: FileRecord.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        let size = index % 10 == 0 ? 100_000 : 100
                        let file = try await area.receive(pattern(size, seed: UInt64(index + 1)))
                        return try await intake.accept(file, owner: owner, name: try FileName(cleaning: "same.txt"), contentType: "")
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(records.map(\.id)).count == 100)
            #expect(Set(area.ready) == Set(records.map(\.place.container.description)))
            #expect(Set(records.filter { $0.size == 100 }.map(\.place.container)).count < 50, "small files share packs")
            #expect(records.allSatisfy { $0.size == 100 || $0.place == StagedPlace(container: $0.id, offset: 0) })
            for record in records { #expect(SHA256Hasher.digest(of: try #require(area.content(of: record))) == record.sha256) }
            #expect(area.incoming.isEmpty)
            let distinct = try await pool.query("SELECT count(*) AS rows, count(DISTINCT xmin::text) AS batches FROM files")
            #expect(try distinct[0].decode("rows", as: Int.self) == 100)
            #expect(try distinct[0].decode("batches", as: Int.self) < 50)
            let outstanding = try await pool.query("SELECT count(*) FROM files_outstanding")
            #expect(try outstanding[0].decode(at: 0, as: Int.self) == 100)
        }
    }

    @Test("H25 an empty file is a file")
    func empty() async throws {
        try await run { intake, area, _ in
            let record = try await intake.accept(
                try await area.receive([]), owner: owner, name: try FileName(cleaning: "empty"), contentType: "text/plain")
            #expect(record.size == 0)
            #expect(area.content(of: record) == [])
        }
    }

    @Test("a refused INSERT removes the bytes and tells the caller; the intake works on", arguments: [100, 200_000])
    func refused(size: Int) async throws {
        let announced = Mutex(0)
        try await run(announce: { records in announced.withLock { $0 += records.count } }) { intake, area, pool in
            let before = TestStaging.descriptors(below: area.configuration.root)
            try await pool.execute("ALTER TABLE files ADD CONSTRAINT test_refuses CHECK (owner_id <> 1)")
            let file = try await area.receive(pattern(size))
            #expect(await code { _ = try await accept(file, intake) } == .database)
            #expect(area.ready.isEmpty && area.incoming.isEmpty)
            try await pool.execute("ALTER TABLE files DROP CONSTRAINT test_refuses")
            let second = try await area.receive(pattern(size))
            let record = try await accept(second, intake)
            #expect(area.ready == [record.place.container.description])
            #expect(TestStaging.descriptors(below: area.configuration.root) == before)
        }
        #expect(announced.withLock { $0 } == 1)
    }

    @Test("no database: the caller learns it, no bytes stay")
    func unreachable() async throws {
        let configuration = PostgresConfiguration(host: "127.0.0.1", port: 1, user: "nobody", database: "none")
        try await TestDatabase.withPool(configuration) { pool in
            try await running(pool, { _ in }) { intake, area in
                let file = try await area.receive([1, 2, 3])
                #expect(await code { _ = try await accept(file, intake) } == .database)
                #expect(area.ready.isEmpty && area.incoming.isEmpty)
            }
        }
    }

    @Test("the connection is lost during the commit: the bytes stay, since the row may be there")
    func ambiguous() async throws {
        try await TestDatabase.migrated { database in
            let configuration = database.configuration
            let proxy = try CuttingProxy(to: configuration.port)
            defer { proxy.stop() }
            var through = configuration
            through.port = proxy.port
            through.host = "127.0.0.1"
            through.poolSize = 1
            try await TestDatabase.withPool(through) { pool in
                try await running(pool, { _ in }) { intake, area in
                    _ = try await accept(try await area.receive([1]), intake)
                    let file = try await area.receive([2])
                    // That about its row, and not that about the index, which is tended some time after the first.
                    proxy.swallowNextAnswer(containing: file.id.description)
                    #expect(await code { _ = try await accept(file, intake) } == .unknownOutcome)
                    // This time it had been committed: a file that would have lost its bytes.
                    let record = try await TestDatabase.withPool(configuration) {
                        try await FileCatalog(pool: $0).find(owner: owner, id: file.id)
                    }
                    #expect(area.content(of: try #require(record)) == [2])
                }
            }
        }
    }

    @Test("files that are accepted together are announced together, so that a queue slower than intake misses none")
    func together() async throws {
        let announced = Mutex(0)
        let (stream, gate) = AsyncStream<Void>.makeStream()
        try await run(announce: { records in
            for await _ in stream {}
            announced.withLock { $0 += records.count }
        }) { intake, area, _ in
            // More requests than announcements may wait.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<600 {
                    group.addTask {
                        let file = try await area.receive([UInt8(truncatingIfNeeded: number)])
                        _ = try await intake.accept(file, owner: UserID(rawValue: 1), name: FileName(cleaning: "a"), contentType: "")
                    }
                }
                try await group.waitForAll()
            }
            gate.finish()
        }
        #expect(announced.withLock { $0 } == 600)
    }

    @Test("a file that was refused holds nobody back: the next is announced at once")
    func burst() async throws {
        let (announced, announcing) = AsyncStream<Int>.makeStream()
        try await run(burst: .seconds(3600), announce: { announcing.yield($0.count) }) { intake, area, pool in
            try await pool.execute("ALTER TABLE files ADD CONSTRAINT test_refuses CHECK (size <> 2)")
            #expect(await code { _ = try await accept(try await area.receive([1, 2]), intake) } == .database)
            _ = try await accept(try await area.receive([1]), intake)
            #expect(await announced.first { _ in true } == 1)
        }
    }

    @Test("an announcement that hangs holds up nobody")
    func slowQueue() async throws {
        let gate = AsyncStream<Void>.makeStream()
        try await run(announce: { _ in for await _ in gate.stream {} }) { intake, area, _ in
            for _ in 0..<3 { _ = try await accept(try await area.receive([1]), intake) }
            #expect(area.ready.count == 3)
            gate.continuation.finish()
        }
    }

    @Test("after its end the intake refuses, and the bytes go")
    func closed() async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await TestStaging.with { area in
                let intake = FileIntake(pool: pool, staging: area) { _ in }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await intake.run() }
                    _ = try await accept(try await area.receive([1]), intake)
                    group.cancelAll()
                }
                #expect(await code { _ = try await accept(try await area.receive(pattern(100_000)), intake) } == .closed)
                #expect(area.incoming.isEmpty && area.ready.count == 1)
            }
        }
    }

    private func accept(_ file: ReceivedFile, _ intake: FileIntake) async throws -> FileRecord {
        try await intake.accept(file, owner: owner, name: try FileName(cleaning: "a.txt"), contentType: "text/plain")
    }

    private func run(
        burst: Duration = .zero, announce: @escaping @Sendable ([FileRecord]) async -> Void = { _ in },
        _ body: (FileIntake, StagingArea, PostgresPool) async throws -> Void
    ) async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await running(pool, burst: burst, announce) { try await body($0, $1, pool) }
        }
    }

    private func running(
        _ pool: PostgresPool, burst: Duration = .zero, _ announce: @escaping @Sendable ([FileRecord]) async -> Void,
        _ body: (FileIntake, StagingArea) async throws -> Void
    ) async throws {
        try await TestStaging.with { area in
            let intake = FileIntake(pool: pool, staging: area, burst: burst, announce: announce)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await intake.run() }
                defer { group.cancelAll() }
                try await body(intake, area)
            }
        }
    }
}
