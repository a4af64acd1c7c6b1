import Redis

extension RedisJobQueue {
    @discardableResult
    public func pause(_ scope: PauseScope) async throws(JobsError) -> Bool {
        try await switchClaims("pause", scope)
    }

    @discardableResult
    public func resume(_ scope: PauseScope) async throws(JobsError) -> Bool {
        let changed = try await switchClaims("resume", scope)
        if case .type(let type) = scope { try await unpark(kind: type, type: type) }
        return changed
    }

    private func switchClaims(_ verb: RedisArgument, _ scope: PauseScope) async throws(JobsError) -> Bool {
        try scope.validate()
        let (kind, name): (RedisArgument, String) =
            switch scope {
            case .queue: ("queue", "")
            case .tenant(let tenant): ("tenant", tenant)
            case .type(let type): ("type", type)
            }
        return try await count(QueueScripts.pause, [verb, kind, RedisArgument(name)]) == 1
    }

    public func limit(_ limit: QueueLimit, to value: Int?) async throws(JobsError) {
        try limit.validate(value)
        _ = try await count(QueueScripts.limit, [RedisArgument(limit.field), RedisArgument(value.map { String($0) } ?? "")])
    }

    @discardableResult
    public func cancel(_ ids: [String]) async throws(JobsError) -> [CancelResult] {
        var results: [CancelResult] = []
        var rest = ids[...]
        while !rest.isEmpty {
            let codes = try await integers(QueueScripts.cancel, rest.prefix(Self.batchLimit).map { RedisArgument($0) })
            guard codes.count == min(rest.count, Self.batchLimit) else { throw unexpected(QueueScripts.cancel) }
            results += codes.map { $0 == 2 ? .cancelled : $0 == 1 ? .dead : .notFound }
            rest = rest.dropFirst(Self.batchLimit)
        }
        return results
    }
}
