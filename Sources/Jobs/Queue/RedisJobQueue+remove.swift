import Redis

extension RedisJobQueue {
    /// Removes the queue with everything in it, settings too. Only for one that nobody uses any more: a worker or producer
    /// that goes on would start it anew.
    package func removeAll() async throws(JobsError) {
        let homes = try await run(QueueScripts.homes).array?.compactMap(\.string) ?? []
        for home in homes { try await removeBodies(ofIDs: home) }
        let lanes =
            try await read(RedisCommand("ZRANGE", RedisArgument(keys.ring), 0, -1))
            + read(RedisCommand("SMEMBERS", RedisArgument(keys.aside)))
        let kinds = try await read(RedisCommand("SMEMBERS", RedisArgument(keys.parked)))
        let lists = lanes.compactMap(\.string).map { keys.ready(lane: $0) } + kinds.compactMap(\.string).map { keys.parked(kind: $0) }
        try await unlink(keys.structures + homes + lists)
    }

    private func removeBodies(ofIDs set: String) async throws(JobsError) {
        var cursor = "0"
        repeat {
            let page = try await read(RedisCommand("SSCAN", RedisArgument(set), RedisArgument(cursor), "COUNT", 1000))
            cursor = page.first?.string ?? "0"
            try await unlink((page.last?.array ?? []).compactMap(\.string).map { keys.body(of: $0) })
        } while cursor != "0"
    }

    private func unlink(_ names: [String]) async throws(JobsError) {
        guard !names.isEmpty else { return }
        do {
            _ = try await client.send(RedisCommand("UNLINK", arguments: names.map { RedisArgument($0) }))
        } catch {
            throw JobsError(error, doing: "removing queue \(name)")
        }
    }

    func read(_ command: RedisCommand) async throws(JobsError) -> [RedisValue] {
        do {
            return try await client.send(command).array ?? []
        } catch {
            throw JobsError(error, doing: "reading queue \(name)")
        }
    }

    /// Bytes that the whole server has in use, or nil where it may not be asked.
    package func serverMemory() async -> Int? {
        let info = try? await client.send(RedisCommand("INFO", "memory")).string
        let line = info?.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        return line.flatMap { Int($0.dropFirst("used_memory:".count)) }
    }
}
