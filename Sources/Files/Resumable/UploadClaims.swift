import Logging
import Platform
import Redis
import ServiceLifecycle
import Synchronization

/// Ends the older of two that write to one upload, wherever they run, within moments.
///
/// A bell, no lock: what keeps their bytes apart is the lock on the file and the fence in the row. Whatever is in Redis may vanish
/// at any time: who cannot reach it raises the epoch in the row at once, and everybody looks at their rows once a second.
final class UploadClaims: Sendable {
    /// In one slot of a cluster with all claims, so that one script can renew many.
    private static let channel = "{uploads}end"
    private static let lifetime: Duration = .seconds(15)
    private static let interval: Duration = .seconds(1)
    /// Claims of one script.
    private static let batch = 256
    /// How long a claim waits for Redis.
    private static let patience: Duration = .milliseconds(200)

    private let redis: RedisClient
    private let store: UploadStore
    private let logger: Logger
    private let held = Mutex<[UploadID: [UploadClaim]]>([:])
    /// Tells this process's bells from others'.
    private let process = UUIDv7()

    init(redis: RedisClient, store: UploadStore, logger: Logger) {
        self.redis = redis
        self.store = store
        self.logger = logger
    }

    /// Claims an upload, in front of whoever has it.
    ///
    /// - Parameter known: the epoch in the row.
    /// - Returns: the claim, and whether others have been told through Redis. To be given back by `leave`.
    func claim(
        _ id: UploadID, known: Int64, onEnd: @escaping @Sendable () -> Void
    ) async -> (claim: UploadClaim, isAnnounced: Bool) {
        let claim = UploadClaim(id, onEnd: onEnd)
        let older = held.withLock { held in
            defer { held[id, default: []].append(claim) }
            return held[id] ?? []
        }
        for other in older { other.lose() }
        do {
            let reply = try await redis.evaluate(
                UploadScripts.claim, keys: [Self.key(id)],
                arguments: [
                    RedisArgument(known), RedisArgument(claim.token.description), RedisArgument(Self.lifetime.milliseconds),
                    RedisArgument(Self.channel), RedisArgument(id.description), RedisArgument(process.description),
                ], deadline: Self.patience)
            guard let number = reply.int else { throw RedisError(.protocolViolation, "a claim without a number") }
            guard number > 0 else {
                claim.lose()
                return (claim, true)
            }
            claim.numbered(number)
            return (claim, true)
        } catch {
            claim.numbered(known + 1)
            return (claim, false)
        }
    }

    /// Takes part without claiming: whoever claims ends this, and this ends nobody.
    func enter(_ id: UploadID, known: Int64) -> UploadClaim {
        let claim = UploadClaim(id, isRenewed: false) {}
        claim.numbered(known)
        held.withLock { $0[id, default: []].append(claim) }
        return claim
    }

    /// Gives a claim back, if that has not happened. Nobody waits for Redis, which forgets it by itself as well.
    func leave(_ claim: UploadClaim) {
        claim.left()
        let isFirst = held.withLock { held in
            guard let claims = held[claim.id], claims.contains(where: { $0 === claim }) else { return false }
            let rest = claims.filter { $0 !== claim }
            held[claim.id] = rest.isEmpty ? nil : rest
            return true
        }
        guard isFirst else { return }
        Task { [redis] in
            try? await redis.evaluate(
                UploadScripts.leave, keys: [Self.key(claim.id)], arguments: [RedisArgument(claim.token.description)],
                deadline: Self.patience)
        }
    }

    /// Whether somebody in this process has, or wants, the upload.
    func isHeld(_ id: UploadID) -> Bool { held.withLock { $0[id] != nil } }

    /// Listens and renews until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen() }
            // Apart, so that a Redis that hangs keeps nobody from looking at the rows.
            group.addTask { await self.everyInterval(self.renew) }
            group.addTask { await self.everyInterval(self.look) }
        }
    }

    private func listen() async {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while !Task.isCancelled {
            do {
                let subscription = try await redis.subscribe(channels: [Self.channel])
                backoff.reset()
                for try await message in subscription { heard(message) }
            } catch {
                logger.debug("the bell of uploads is not heard", metadata: .init([.error: "\(error)"]))
            }
            // What was missed meanwhile the renewal finds.
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// Who claims in this process has ended the older ones here by itself.
    private func heard(_ message: RedisMessage) {
        let parts = String(decoding: message.payload, as: UTF8.self).split(separator: " ")
        guard parts.count == 3, let id = UploadID(String(parts[0])), let number = Int64(parts[1]), parts[2] != process.description
        else { return }
        let claims = held.withLock { $0[id] ?? [] }
        for claim in claims { claim.heard(number) }
    }

    private func everyInterval(_ body: ([UploadClaim]) async -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            let claims = held.withLock { $0.values.flatMap { $0 } }.filter { !$0.isLost && $0.number != nil }
            for start in stride(from: 0, to: claims.count, by: Self.batch) {
                await body(Array(claims[start..<min(claims.count, start + Self.batch)]))
            }
        }
    }

    private func renew(_ claims: [UploadClaim]) async {
        let claims = claims.filter(\.isRenewed)
        guard !claims.isEmpty else { return }
        let pairs = claims.flatMap { [RedisArgument($0.number ?? 0), RedisArgument($0.token.description)] }
        let reply = try? await redis.evaluate(
            UploadScripts.beat, keys: claims.map { Self.key($0.id) },
            arguments: [RedisArgument(Self.lifetime.milliseconds)] + pairs, deadline: Self.interval)
        for position in (reply?.array ?? []).compactMap(\.int) where claims.indices.contains(Int(position) - 1) {
            claims[Int(position) - 1].lose()
        }
    }

    private func look(_ claims: [UploadClaim]) async {
        guard let epochs = try? await store.epochs(of: claims.map(\.id)) else { return }
        for claim in claims {
            if let epoch = claim.epoch, let now = epochs[claim.id], now > epoch { claim.lose() }
        }
    }

    private static func key(_ id: UploadID) -> String { "{uploads}c:\(id)" }
}
