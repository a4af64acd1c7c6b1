import Cryptography
import Platform
import Redis

/// Ends all sessions of a user, also those that wait for their code. It opens and reads none, so it needs no key.
struct SessionEndings: Sendable {
    let redis: ScriptRunner

    /// - Returns: how many there were; nil when the session to spare is none of the user's any more, and nothing was done.
    @discardableResult
    func all(of user: UserID, except spared: SessionTicket? = nil, _ reason: SessionEnd) async throws(AccountsError) -> Int? {
        let count = try await redis.integer(
            RedisScripts.sessionEndAll, keys: RedisKeys.sessions,
            [RedisArgument(user.description), RedisArgument(spared?.digest.description ?? ""), RedisArgument(reason.rawValue)])
        return count < 0 ? nil : Int(count)
    }

    /// Ends them around a change that they must not outlive.
    ///
    /// Before it, so that without Redis nothing is changed, and neither by a session that has ended; after it again, for sessions that
    /// were opened meanwhile, also if the caller has been cancelled in between.
    ///
    /// - Returns: false when the session to spare is none of the user's any more, or what `change` answered.
    func around(
        _ user: UserID, except spared: SessionTicket?, _ reason: SessionEnd,
        change: @escaping @Sendable () async throws(AccountsError) -> Bool
    ) async throws(AccountsError) -> Bool {
        guard try await all(of: user, except: spared, reason) != nil else { return false }
        return try await shielded { () async throws(AccountsError) in
            guard try await change() else { return false }
            try await persistently { () async throws(AccountsError) -> Void in
                if try await all(of: user, except: spared, reason) == nil { try await all(of: user, reason) }
            }
            return true
        }
    }
}
