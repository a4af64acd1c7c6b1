import Platform
import Redis

/// What is reserved of quotas, in Redis: what all processes together have promised to uploads that are under way.
///
/// Whatever is lost here makes a refusal come late or too early for some seconds, never an excess: that is what Postgres is for.
struct QuotaMeter: Sendable {
    /// Uploads wait for no slower an answer.
    private static let deadline: Duration = .milliseconds(500)
    /// Lua counts in floating point: exactly up to here. What is larger is no limit to it, and Postgres' matter.
    private static let most: Int64 = 1 << 53

    enum Taking: Sendable {
        case reserved(QuotaAmount)
        case refused(QuotaNote)
        /// It is not known what the user's files take.
        case unknown
    }

    typealias Lease = (id: QuotaLease.ID, amount: QuotaAmount)

    let client: RedisClient
    let times: QuotaTimes

    /// - Parameter kept: what the lease keeps when there is no room; nil for all that it has.
    func take(
        _ lease: QuotaLease.ID, of owner: UserID, needed: QuotaAmount, wanted: QuotaAmount, keeping kept: QuotaAmount?
    ) async throws(RedisError) -> Taking {
        let reply = try await run(
            QuotaScripts.take, owner,
            [
                RedisArgument(lease.description), Self.number(needed.bytes), Self.number(wanted.bytes), Self.number(needed.files),
                Self.number(wanted.files), RedisArgument(times.lease.milliseconds), kept.map { Self.number($0.bytes) } ?? "",
                kept.map { Self.number($0.files) } ?? "",
            ])
        let numbers = reply.array?.compactMap(\.int) ?? []
        switch (numbers.first, numbers.count) {
        case (-1, 1): return .unknown
        case (0, 3): return .reserved(QuotaAmount(bytes: numbers[1], files: numbers[2]))
        case (1, 4), (2, 4):
            return .refused(
                QuotaNote(kind: numbers[0] == 1 ? .bytes : .files, maximum: numbers[1], used: numbers[2], reserved: numbers[3]))
        default: throw RedisError(.protocolViolation, "script \(QuotaScripts.take.name) gave an unknown reply")
        }
    }

    /// - Parameters:
    ///   - use: what Postgres says; nil to leave it.
    ///   - leases: what of them is part of that now, or given back.
    ///   - isAsked: whether Postgres has just been asked for it, and for what it has promised: only then does the use live on.
    func settle(_ owner: UserID, _ use: QuotaUse?, _ leases: [Lease], isAsked: Bool = false) async throws(RedisError) {
        let limits = [use?.limits.bytes, use?.limits.files].map { limit in
            limit.flatMap { $0 < Self.most ? RedisArgument($0) : nil } ?? RedisArgument("")
        }
        _ = try await run(
            QuotaScripts.settle, owner,
            [
                RedisArgument(use?.bytes ?? 0), RedisArgument(use?.files ?? 0), use.map { RedisArgument($0.version) } ?? "", limits[0],
                limits[1], isAsked ? RedisArgument(times.use.milliseconds) : "", RedisArgument(times.lease.milliseconds),
            ] + Self.arguments(leases))
    }

    func beat(_ owner: UserID, _ leases: [Lease]) async throws(RedisError) {
        _ = try await run(
            QuotaScripts.beat, owner, [RedisArgument(times.lease.milliseconds)] + Self.arguments(leases))
    }

    /// What is reserved altogether.
    func reserved(of owner: UserID) async throws(RedisError) -> QuotaAmount {
        let key = QuotaKeys.all(of: owner)[1]
        let reply = try await client.send(RedisCommand("HMGET", RedisArgument(key), "=bytes", "=files"), deadline: Self.deadline)
        let sums = reply.array?.map { $0.int ?? 0 } ?? []
        guard sums.count == 2 else { throw RedisError(.protocolViolation, "HMGET gave an unknown reply") }
        return QuotaAmount(bytes: sums[0], files: sums[1])
    }

    private static func arguments(_ leases: [Lease]) -> [RedisArgument] {
        leases.flatMap { [RedisArgument($0.id.description), number($0.amount.bytes), number($0.amount.files)] }
    }

    private static func number(_ count: Int64) -> RedisArgument { RedisArgument(min(count, most)) }

    private func run(_ script: RedisScript, _ owner: UserID, _ arguments: [RedisArgument]) async throws(RedisError) -> RedisValue {
        try await client.evaluate(script, keys: QuotaKeys.all(of: owner), arguments: arguments, deadline: Self.deadline)
    }
}
