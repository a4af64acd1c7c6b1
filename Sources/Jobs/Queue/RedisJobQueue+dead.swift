import Redis

extension RedisJobQueue {
    public func dead(after cursor: DeadCursor?, limit: Int) async throws(JobsError) -> [DeadJob] {
        let arguments = [
            RedisArgument(min(max(limit, 1), Self.batchLimit)), RedisArgument(cursor.map { String($0.diedAt) } ?? ""),
            RedisArgument(cursor?.id ?? ""),
        ]
        guard let values = try await run(QueueScripts.deadPage, arguments).array, values.count.isMultiple(of: 3) else {
            throw unexpected(QueueScripts.deadPage)
        }
        var jobs: [DeadJob] = []
        for position in stride(from: 0, to: values.count, by: 3) {
            guard let id = values[position].string, let time = values[position + 1].exact, let grave = values[position + 2].bytes else {
                throw unexpected(QueueScripts.deadPage)
            }
            jobs.append(DeadJob(id: id, diedAt: time, grave: grave))
        }
        return jobs
    }

    /// One dead job with its payload, which is nil where it cannot be read.
    public func dead(id: String) async throws(JobsError) -> (job: DeadJob, payload: [UInt8]?)? {
        let replies: [RedisValue]
        do {
            replies = try await client.send([
                RedisCommand("ZSCORE", RedisArgument(keys.dead), RedisArgument(id)),
                RedisCommand("HGET", RedisArgument(keys.grave), RedisArgument(id)),
            ])
        } catch {
            throw JobsError(error, doing: "reading a dead job of queue \(name)")
        }
        guard let diedAt = replies.first?.exact, let grave = replies.last?.bytes else { return nil }
        guard let entry = try? JobEntry(Array(grave.drop { $0 != UInt8(ascii: "\n") }.dropFirst())) else {
            return (DeadJob(id: id, diedAt: diedAt, grave: grave), nil)
        }
        let body = entry.isApart ? try await self.body(of: id) ?? [] : Array(entry.body)
        return (DeadJob(id: id, diedAt: diedAt, grave: grave), (try? JobEnvelope(body[...])).map { Array($0.payload) })
    }

    @discardableResult
    public func replay(_ ids: [String]) async throws(JobsError) -> Int {
        try await inBatches(ids, QueueScripts.deadReplay)
    }

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
