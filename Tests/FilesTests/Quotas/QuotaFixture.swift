import DatabaseSupport
import Files
import Platform
import Postgres
import Redis
import RedisSupport
import Synchronization
import TestSupport
import Testing

/// Keepers of quotas beside each other, as in several processes, over one database and one Redis.
struct QuotaFixture: Sendable {
    let pool: PostgresPool
    let redis: RedisServerProcess
    let keepers: [QuotaKeeper]
    let limits: QuotaLimits

    static func with(
        keepers count: Int = 2, limits: QuotaLimits = .none, times: QuotaTimes = QuotaTimes(),
        _ body: @Sendable (QuotaFixture) async throws -> Void
    ) async throws {
        let redis = try await RedisServerProcess.start()
        try await TestDatabase.withMigratedPool { pool in
            try await RedisClient.with("redis://127.0.0.1:\(redis.port)") { client in
                let keepers = (0..<count).map { _ in QuotaKeeper(pool: pool, redis: client, limits: limits, times: times) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for keeper in keepers { group.addTask { try await keeper.run() } }
                    defer { group.cancelAll() }
                    try await body(QuotaFixture(pool: pool, redis: redis, keepers: keepers, limits: limits))
                }
            }
        }
    }

    /// Runs an intake for each keeper, over one staging area.
    func withIntakes(_ body: ([FileIntake], StagingArea) async throws -> Void) async throws {
        try await TestStaging.with { area in
            let intakes = keepers.map { FileIntake(pool: pool, staging: area, limits: limits, quotas: $0) { _ in } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for intake in intakes { group.addTask { try await intake.run() } }
                defer { group.cancelAll() }
                try await body(intakes, area)
            }
        }
    }

    /// How often Redis was asked.
    func scriptCount() async throws -> Int {
        let text = try await redis.ask("INFO", "commandstats").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_evalsha:calls=") }
        return line.flatMap { Int($0.drop { $0 != "=" }.dropFirst().prefix { $0 != "," }) } ?? 0
    }

    /// What the row says and what is true, at one moment.
    func count(of owner: UserID) async throws -> (noted: [Int64], actual: [Int64])? {
        let rows = try await pool.query(
            """
            SELECT bytes, files, (SELECT coalesce(sum(size), 0)::bigint FROM files WHERE owner_id = \(owner) AND state <> 'deleting'),
                (SELECT count(*) FROM files WHERE owner_id = \(owner) AND state <> 'deleting')
            FROM file_usage WHERE owner_id = \(owner)
            """)
        guard let row = rows.first else { return nil }
        let numbers = try (0..<4).map { try row.decode(at: $0, as: Int64.self) }
        return (Array(numbers[..<2]), Array(numbers[2...]))
    }
}

/// Why there is no room; nil when there is.
func refusal(_ body: () async throws -> Void) async throws -> QuotaNote? {
    do {
        try await body()
        return nil
    } catch let error as FilesError where error.code == .quotaExceeded {
        return error.quota
    }
}

/// How often something has happened, in any task.
final class Tally: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() {
        value.withLock { $0 += 1 }
    }
}
