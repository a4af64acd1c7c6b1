import Redis

/// A job in the dead set.
public struct DeadJob: Sendable {
    public let id: String
    /// Milliseconds since 1970, server time.
    public let diedAt: Int64
    /// Why: what the handler said, "poison: …", "unknown type …", "malformed …".
    public let reason: String
    /// nil where the entry or its envelope cannot be read.
    public let type: String?
    public let tenant: String?
    public let attempts: Int?
    public let crashes: Int?

    /// Where the next page starts.
    public var cursor: DeadCursor { DeadCursor(id: id, diedAt: diedAt) }
}

public struct DeadCursor: Sendable, Hashable {
    let id: String
    let diedAt: Int64
}

extension RedisJobQueue {
    /// A page of the dead set, oldest first.
    /// - Parameter limit: 1 to 500.
    public func dead(after cursor: DeadCursor? = nil, limit: Int = 100) async throws(JobsError) -> [DeadJob] {
        let arguments = [
            RedisArgument(min(max(limit, 1), Self.batchLimit)), RedisArgument(cursor.map { String($0.diedAt) } ?? ""),
            RedisArgument(cursor?.id ?? ""),
        ]
        guard let values = try await run(QueueScripts.deadPage, arguments).array, values.count.isMultiple(of: 3) else {
            throw unexpected(QueueScripts.deadPage)
        }
        var jobs: [DeadJob] = []
        for position in stride(from: 0, to: values.count, by: 3) {
            guard let id = values[position].string, let time = values[position + 1].int, let grave = values[position + 2].bytes else {
                throw unexpected(QueueScripts.deadPage)
            }
            jobs.append(Self.job(id: id, diedAt: time, grave: grave))
        }
        return jobs
    }

    private static func job(id: String, diedAt: Int64, grave: [UInt8]) -> DeadJob {
        let end = grave.firstIndex(of: UInt8(ascii: "\n")) ?? grave.endIndex
        let entry = try? JobEntry(Array(grave[end...].dropFirst()))
        return DeadJob(
            id: id, diedAt: diedAt, reason: String(decoding: grave[..<end], as: UTF8.self),
            type: entry?.type, tenant: entry?.tenant, attempts: entry?.attempts,
            crashes: entry?.crashes)
    }

    /// Puts dead jobs back to work, as if new.
    /// - Returns: how many were replayed; unknown ids, unreadable entries, and jobs whose unique key another one holds are passed over.
    @discardableResult
    public func replay(_ ids: [String]) async throws(JobsError) -> Int {
        try await inBatches(ids, QueueScripts.deadReplay)
    }

    /// Forgets dead jobs.
    /// - Returns: how many were dropped.
    @discardableResult
    public func drop(_ ids: [String]) async throws(JobsError) -> Int {
        try await inBatches(ids, QueueScripts.deadDrop)
    }

    private func inBatches(_ ids: [String], _ script: RedisScript) async throws(JobsError) -> Int {
        var total = 0
        var rest = ids[...]
        while !rest.isEmpty {
            total += try await count(script, rest.prefix(Self.batchLimit).map { RedisArgument($0) })
            rest = rest.dropFirst(Self.batchLimit)
        }
        return total
    }
}
