extension RedisClient {
    /// Runs a script by its digest (`EVALSHA`), and by its source when the server does not know it: at first use, after a
    /// restart, a failover, `SCRIPT FLUSH`. The source makes the very node known to it that was asked.
    ///
    /// - Parameter deadline: for each of the at most three round trips; one is the rule.
    /// - Throws: `.server` with the script's error code when it ends with an error.
    public func evaluate(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], deadline: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        let sha1: String
        if let known = script.sha1 { sha1 = known } else { sha1 = try await load(script, deadline: deadline) }
        do throws(RedisError) {
            return try await send(Self.call("EVALSHA", sha1, keys, arguments), deadline: deadline)
        } catch {
            // NOSCRIPT means that nothing was run, so that sending again is safe.
            guard error.serverCode == "NOSCRIPT" else { throw error }
        }
        return try await send(Self.call("EVAL", script.source, keys, arguments), deadline: deadline)
    }

    private func load(_ script: RedisScript, deadline: Duration?) async throws(RedisError) -> String {
        let reply = try await send(RedisCommand("SCRIPT", "LOAD", RedisArgument(script.source)), deadline: deadline)
        guard let sha1 = reply.string else {
            throw RedisError(.protocolViolation, "no digest for script \(script.name)")
        }
        script.remember(sha1)
        return sha1
    }

    private static func call(_ name: String, _ script: String, _ keys: [String], _ arguments: [RedisArgument]) -> RedisCommand {
        var parts: [RedisArgument] = []
        parts.reserveCapacity(2 + keys.count + arguments.count)
        parts.append(RedisArgument(script))
        parts.append(RedisArgument(keys.count))
        for key in keys { parts.append(RedisArgument(key)) }
        parts.append(contentsOf: arguments)
        return RedisCommand(name, arguments: parts)
    }
}
