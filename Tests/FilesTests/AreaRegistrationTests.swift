import DatabaseSupport
import Files
import Foundation
import Platform
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("One disk for one name", .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct AreaRegistrationTests {
    @Test("the first disk has the name, and others are refused with what is wrong and what to do; another name is free")
    func refused() async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await Self.withDisk { first in
                for _ in 0..<2 { try await Self.registration(pool, first).begin() }
                try await Self.withDisk { second in
                    let error = await #expect(throws: FilesError.self) { try await Self.registration(pool, second).begin() }
                    let (own, other) = (try Self.instance(second), try Self.instance(first))
                    #expect(error?.code == .foreignArea)
                    for words in [own, "is another one, \(other)", "SLUICE_STAGING_AREA", "`sluice area register default \(own)`"] {
                        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
                    }
                    #expect(await code { _ = try await second.makeUpload(limit: 1) } == .database, "nothing gets at the wrong disk")
                }
                try await Self.withDisk("other") { try await Self.registration(pool, $0).begin() }
                #expect(try await AreaRegister(pool: pool).list().map(\.name) == ["default", "other"])
                #expect(try await first.receive(pattern(100)).size == 100)
            }
        }
    }

    @Test("of disks that start together, one gets the name")
    func together() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let register = AreaRegister(pool: pool)
            for round in 0..<10 {
                let winners = try await withThrowingTaskGroup(of: (UUIDv7, UUIDv7).self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            let instance = UUIDv7()
                            return (instance, try await register.claim("area-\(round)", for: instance))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(Set(winners.map(\.1)).count == 1 && winners.count { $0.0 == $0.1 } == 1)
            }
        }
    }

    @Test("without an answer of the database a process starts, touches nothing and is not ready; with one it goes on")
    func late() async throws {
        try await TestDatabase.with { database in
            let away = try PostgresPool(
                configuration: PostgresConfiguration(url: ServiceURL("postgres://u:p@127.0.0.1:1/d")), logger: .silent)
            try await Self.withDisk { area in
                let file = try await area.receive(pattern(100))
                try await Self.registration(away, area).begin()
                #expect(await code { _ = try await area.makeUpload(limit: 1) } == .database)
                #expect(await code { try await area.checkSpace() } == .database)
                #expect(await code { try await area.remove([UUIDv7()]) } == .database)
                #expect(
                    await area.publish([file]).allSatisfy { if case .failure(let error) = $0 { error.code == .database } else { false } })
                #expect(await code { _ = try await area.sweep(olderThan: .zero) { _ in [] } } == .database)
                #expect(await area.healthCheck.check() != nil)
                #expect(await !area.isThere(), "what is not found there is not lost")
            }
            await away.close()
            try await TestDatabase.withPool(database.configuration) { pool in
                try await Self.withDisk { area in
                    let registration = Self.registration(pool, area)
                    try await registration.begin()
                    #expect(await area.healthCheck.check() != nil, "there is no table")
                    try await Self.running(registration) {
                        try await TestDatabase.migrate(database.configuration)
                        #expect(await eventually { await area.healthCheck.check() == nil })
                    }
                    #expect(try await area.receive(pattern(100)).size == 100)
                }
            }
        }
    }

    @Test("what the database says when it answers at last ends the process, and nothing was touched until then")
    func lateRefusal() async throws {
        try await TestDatabase.with { database in
            try await TestDatabase.withPool(database.configuration) { pool in
                try await Self.withDisk { area in
                    let registration = Self.registration(pool, area)
                    try await registration.begin()
                    try await TestDatabase.migrate(database.configuration)
                    _ = try await AreaRegister(pool: pool).claim("default", for: UUIDv7())
                    #expect(await code { try await registration.run() } == .foreignArea)
                    #expect(await code { _ = try await area.makeUpload(limit: 1) } == .database)
                }
            }
        }
    }

    @Test("a process ends when its name is given to another disk, and what it still receives is not accepted")
    func replaced() async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await Self.withDisk { area in
                let registration = Self.registration(pool, area)
                try await registration.begin()
                let file = try await area.receive(pattern(100_000))
                let (register, own) = (AreaRegister(pool: pool), try #require(area.identity?.instance))
                #expect(try await !register.replace(UUIDv7(), with: UUIDv7(), as: "default"), "of two who replace, one does")
                #expect(try await register.replace(own, with: UUIDv7(), as: "default"))
                #expect(await code { try await registration.run() } == .foreignArea)
                #expect(await area.publish([file]).allSatisfy { if case .failure = $0 { true } else { false } })
                await area.discard(file)
                #expect(area.ready.isEmpty)
            }
        }
    }

    @Test("a database brought back from before the disk was known learns of it again; a process works on, and through an outage too")
    func restored() async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await Self.withDisk { area in
                let registration = Self.registration(pool, area)
                try await registration.begin()
                try await Self.running(registration) {
                    // Twice: the first question may come after the first of them.
                    for _ in 0..<2 {
                        try await pool.execute("DELETE FROM staging_areas")
                        #expect(
                            try await eventually { try await AreaRegister(pool: pool).list().first?.instance == area.identity?.instance })
                    }
                    try await pool.execute("ALTER TABLE staging_areas RENAME TO away")
                    try await Task.sleep(for: .milliseconds(100))
                    #expect(try await area.receive(pattern(100)).size == 100)
                    try await pool.execute("ALTER TABLE away RENAME TO staging_areas")
                }
            }
        }
    }

    @Test("the list tells what a disk alone holds: files that are not stored, and uploads whose bytes are needed")
    func list() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let name = "default"
            let register = AreaRegister(pool: pool)
            _ = try await register.claim(name, for: UUIDv7())
            _ = try await register.claim("empty", for: UUIDv7())
            for (state, size) in [("staged", 5), ("failed", 7), ("deleting", 11), ("stored", 13)] {
                try await pool.execute(
                    """
                    WITH added AS (
                        INSERT INTO files (id, owner_id, name, size, state, content_type, sha256, key, area, container, byte_offset)
                        VALUES (\(UUIDv7()), 1, 'a', \(size), \(state), 'text/plain', decode(repeat('00', 32), 'hex'), 'k', \(name),
                            \(UUIDv7()), 0) RETURNING id, container, state)
                    INSERT INTO files_outstanding SELECT id, container, state = 'failed' FROM added WHERE state <> 'stored'
                    """)
            }
            for state in ["open", "complete", "dead"] {
                try await pool.execute(
                    """
                    INSERT INTO uploads (id, owner_id, area, kind, state, name, content_type, expires_at)
                    VALUES (\(UUIDv7()), 1, \(name), 'whole', \(state), 'a', 'text/plain', now())
                    """)
            }
            let entries = try await register.list()
            let own = try #require(entries.first { $0.name == name })
            #expect(own.files == 2 && own.bytes == 12 && own.uploads == 1)
            let empty = try #require(entries.first { $0.name == "empty" })
            #expect(empty.files == 0 && empty.bytes == 0 && empty.uploads == 0 && empty.registeredAt.timeIntervalSinceNow < 60)
        }
    }

    private static func withDisk<T>(_ name: String = "default", _ body: (StagingArea) async throws -> T) async throws -> T {
        try await TestStaging.with(configure: { $0.areaID = name }, body)
    }

    private static func registration(_ pool: PostgresPool, _ area: StagingArea) -> AreaRegistration {
        AreaRegistration(pool: pool, staging: area, interval: .milliseconds(10), logger: .silent)
    }

    private static func instance(_ area: StagingArea) throws -> String { try #require(area.identity?.instance).description }

    /// Runs `body` beside the service, which must not end meanwhile.
    private static func running(_ registration: AreaRegistration, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await registration.run()
                return false
            }
            group.addTask {
                try await body()
                return true
            }
            #expect(try await group.next() == true)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
