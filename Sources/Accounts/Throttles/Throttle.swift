import Platform
package import Redis

/// Counts attempts in Redis, before they are made: of many at the same time no more than the limit get through.
package struct Throttle: Sendable {
    /// One throttle: a rule for somebody.
    package typealias Lane = (rule: ThrottleRule, subject: ThrottleSubject)

    /// A lane that is full.
    package struct Refusal {
        package let rule: ThrottleRule
        package let retryAfter: Duration
    }

    private let redis: ScriptRunner

    package init(client: RedisClient) {
        redis = ScriptRunner(client: client)
    }

    /// Takes one from each lane, or from none.
    ///
    /// - Returns: the first lane that is full; nil when all were taken.
    package func take(_ lanes: [Lane]) async throws(AccountsError) -> Refusal? {
        guard !lanes.isEmpty else { return nil }
        let reply = try await redis.integers(
            RedisScripts.throttleTake, keys: Self.keys(of: lanes),
            lanes.flatMap { rule, _ in
                [
                    RedisArgument(rule.limit), RedisArgument(rule.window.milliseconds),
                    RedisArgument(rule.pause?.lowerBound.milliseconds ?? 0), RedisArgument(rule.pause?.upperBound.milliseconds ?? 0),
                ]
            })
        guard reply.count == 2, (0...Int64(lanes.count)).contains(reply[0]) else { throw redis.unexpected(RedisScripts.throttleTake) }
        guard reply[0] > 0 else { return nil }
        return Refusal(rule: lanes[Int(reply[0]) - 1].rule, retryAfter: .milliseconds(reply[1]))
    }

    /// Gives back what was taken for an attempt that turned out well. Lanes with pauses are emptied: the right password ends the
    /// suspicion that the wrong ones raised.
    package func giveBack(_ lanes: [Lane]) async throws(AccountsError) {
        try await giveBack(lanes) { $0.pause == nil ? 0 : 1 }
    }

    /// Forgets all that was taken.
    func forget(_ lanes: [Lane]) async throws(AccountsError) {
        try await giveBack(lanes) { _ in 1 }
    }

    /// Runs a step for which one was taken from each of these lanes. If it finds no place among the hashes nothing was tried, and that one
    /// is given back.
    package func spending<T>(
        _ lanes: [Lane], on step: () async throws(AccountsError) -> T
    ) async throws(AccountsError) -> T {
        do throws(AccountsError) {
            return try await step()
        } catch {
            // The caller learns of the lack of a place in any case: without Redis it will learn of that the next time.
            if error.code == .busy { try? await giveBack(lanes) { _ in 0 } }
            throw error
        }
    }

    private func giveBack(_ lanes: [Lane], _ mode: (ThrottleRule) -> RedisArgument) async throws(AccountsError) {
        guard !lanes.isEmpty else { return }
        _ = try await redis.run(RedisScripts.throttleReturn, keys: Self.keys(of: lanes), lanes.map { mode($0.rule) })
    }

    private static func keys(of lanes: [Lane]) -> [String] {
        lanes.map { RedisKeys.throttle($0.rule, $0.subject) }
    }
}
