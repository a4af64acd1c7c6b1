import Glibc
import Logging
import Platform
import Postgres
import TestSupport
import Testing

/// Each in a process of its own, where no other test allocates.
@Suite(.requires(.postgres)) struct LeakTests {
    @Test func thousandsOfResultsLeaveNoMemoryBehind() async {
        await #expect(processExitsWith: .success) {
            try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
                @Sendable func run(_ count: Int) async throws {
                    try await pool.withSession { session in
                        for number in 0..<count {
                            let row = try session.query("SELECT \(number) AS n, repeat('x', 2000) AS t")[0]
                            guard try row.decode("n", as: Int.self) == number else { throw PostgresError(.decoding, "wrong row") }
                            _ = try? session.query("SELECT 1/0")
                        }
                    }
                }
                try await run(500)
                let before = try ProcessUse.residentKilobytes()
                try await run(10_000)
                // 20 MB of rows have passed.
                let growth = try ProcessUse.residentKilobytes() - before
                try #require(growth < 4_000)
            }
        }
    }

    @Test func closedConnectionsLeaveNoDescriptorsAndThreadsBehind() async {
        await #expect(processExitsWith: .success) {
            @Sendable func openAndClose(_ count: Int) async throws {
                for _ in 0..<count {
                    let connection = try PostgresConnection()
                    try await connection.open(try Database.configuration(), cancellation: Cancellation())
                    await connection.close()
                    let failing = try PostgresConnection()
                    var nobody = try Database.configuration()
                    nobody.port = 1
                    try? await failing.open(nobody, cancellation: Cancellation())
                    await failing.close()
                }
            }
            try await openAndClose(3)
            let before = try (descriptors: ProcessUse.entries("/proc/self/fd"), threads: ProcessUse.entries("/proc/self/task"))
            try await openAndClose(100)
            // A thread ends a moment after its last job.
            let limit = ContinuousClock.now + .seconds(10).stretched
            while try ProcessUse.entries("/proc/self/task") > before.threads + 2
                || ProcessUse.entries("/proc/self/fd") > before.descriptors + 2
            {
                try #require(ContinuousClock.now < limit)
                await Task.yield()
            }
        }
    }
}

/// What this process uses, from procfs.
enum ProcessUse {
    static func residentKilobytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 256)
        let count = fread(&line, 1, line.count, file)
        let fields = String(decoding: line.prefix(count), as: UTF8.self).split(separator: " ")
        return try #require(Int(fields[1])) * 4
    }

    static func entries(_ folder: String) throws -> Int {
        let directory = try #require(opendir(folder))
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
