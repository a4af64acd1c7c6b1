public import Platform
public import Postgres
public import Redis
public import ServiceLifecycle
import Synchronization

/// Promises room to uploads before their bytes are taken, for all processes together.
///
/// What counts in the end is the row in Postgres, which the transaction that accepts files checks under its lock: no quota is ever
/// exceeded, whatever happens here. Redis holds what was promised, so that a refusal comes early. Without Redis only the row is asked,
/// and some refusals come late.
public final class QuotaKeeper: Sendable, Service {
    /// What `run` does, in the order in which it happened.
    private enum Note: Sendable {
        case settle(UserID, QuotaUse?, [QuotaMeter.Lease])
        case beat
    }

    /// Notes that may wait; more are dropped, and what they would have given back lapses by itself.
    private static let maximumNotes = 10_000

    /// For those who have none of their own.
    public let limits: QuotaLimits
    private let store: QuotaStore
    private let meter: QuotaMeter
    private let owners: KnownOwners
    private let times: QuotaTimes
    /// The leases of this process, whose ends `run` moves.
    private let held = Mutex<[UserID: [QuotaLease.ID: QuotaAmount]]>([:])
    private let notes: AsyncStream<Note>
    private let note: AsyncStream<Note>.Continuation

    /// - Parameter limits: for those who have none of their own.
    public convenience init(pool: PostgresPool, redis: RedisClient, limits: QuotaLimits = .none) {
        self.init(pool: pool, redis: redis, limits: limits, times: QuotaTimes())
    }

    package init(pool: PostgresPool, redis: RedisClient, limits: QuotaLimits, times: QuotaTimes) {
        self.limits = limits
        self.times = times
        store = QuotaStore(pool: pool, limits: limits)
        meter = QuotaMeter(client: redis, times: times)
        owners = KnownOwners(lifetime: times.use)
        (notes, note) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumNotes))
    }

    /// Promises room to an upload.
    ///
    /// - Parameters:
    ///   - bytes: what it needs at least.
    ///   - ahead: bytes beyond those that are reserved too if there is room, for an upload that does not say how long it is.
    ///   - id: that of a resumable upload, with which `QuotaLease.keep()` leaves the room to its row.
    /// - Throws: `.quotaExceeded`, `.database`.
    public func take(
        owner: UserID, bytes: Int64, files: Int64 = 1, ahead: Int64 = 0, as id: QuotaLease.ID = .init()
    ) async throws(FilesError) -> QuotaLease {
        let needed = QuotaAmount(bytes: bytes, files: files)
        let wanted = needed + QuotaAmount(bytes: ahead, files: 0)
        let reserved = try await reserve(id, of: owner, needed: needed, wanted: wanted)
        return QuotaLease(id, owner: owner, keeper: reserved == nil ? nil : self, reserved: reserved ?? .zero)
    }

    /// Gives the room of a resumable upload back that was ended before it became a file.
    public func release(_ id: QuotaLease.ID, of owner: UserID) {
        forget(id, of: owner)
        note.yield(.settle(owner, nil, [(id, QuotaAmount(bytes: .max, files: .max))]))
    }

    /// What a user's files take, and what is promised besides, as far as that is known.
    ///
    /// - Returns: nil when the user has no quota.
    public func state(of owner: UserID) async throws(FilesError) -> QuotaState? {
        guard let use = try await store.find(owner) else { return nil }
        let reserved = (try? await meter.reserved(of: owner)) ?? .zero
        return QuotaState(use: use, reservedBytes: reserved.bytes, reservedFiles: reserved.files)
    }

    /// Passes on what was settled and keeps the leases alive, until graceful shutdown.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [note, times] in
                await cancelWhenGracefulShutdown {
                    while (try? await Task.sleep(for: times.beat)) != nil { note.yield(.beat) }
                }
                note.finish()
            }
            for await note in notes { await carryOut(note) }
        }
    }

    /// - Parameter kept: what the lease keeps of what it has when there is no room; nil for all of it.
    /// - Returns: how much was reserved, from `needed` to `wanted`; nil when the owner has no quota.
    func reserve(
        _ id: QuotaLease.ID, of owner: UserID, needed: QuotaAmount, wanted: QuotaAmount, keeping kept: QuotaAmount? = nil
    ) async throws(FilesError) -> QuotaAmount? {
        switch owners[owner] {
        case .unmetered: return nil
        case .unknown: guard try await load(owner) else { return nil }
        case .metered: break
        }
        // Twice, since the first may find that what was known of the owner has lapsed.
        for _ in 0..<2 {
            guard let taking = try? await meter.take(id, of: owner, needed: needed, wanted: wanted, keeping: kept) else { break }
            switch taking {
            case .refused(let note):
                if let kept { hold(id, of: owner, atMost: kept) }
                throw .quota(note)
            case .reserved(let amount):
                hold(id, of: owner, more: amount)
                return amount
            case .unknown: guard try await load(owner) else { return nil }
            }
        }
        guard let use = try await store.find(owner) else { return nil }
        _ = try use.adding(bytes: needed.bytes, files: needed.files)
        hold(id, of: owner, more: needed)
        return needed
    }

    /// Takes from leases what has become files, and tells Redis so later: until then it counts as promised, so nobody need wait.
    func settle(_ owner: UserID, _ use: QuotaUse, by groups: [IntakeGroup]) {
        owners.note(owner, isMetered: true)
        var leases: [QuotaMeter.Lease] = []
        for group in groups {
            guard let id = group.lease?.id ?? group.upload?.id else { continue }
            group.lease?.settled(group.amount)
            hold(id, of: owner, less: group.amount)
            leases.append((id, group.amount))
        }
        note.yield(.settle(owner, use, leases))
    }

    /// Tells Redis what is used now, if it answers soon: the room that has become free is to be there when the client hears of it.
    ///
    /// - Parameter ended: uploads of which what was promised to them is part of that, or not needed any more.
    func tell(_ owner: UserID, _ use: QuotaUse, ending ended: [QuotaLease.ID] = []) async {
        for id in ended { forget(id, of: owner) }
        try? await meter.settle(owner, use, ended.map { ($0, QuotaAmount(bytes: .max, files: .max)) })
    }

    func forget(_ id: QuotaLease.ID, of owner: UserID) {
        hold(id, of: owner, less: QuotaAmount(bytes: .max, files: .max))
    }

    /// Brings what Postgres knows to Redis.
    ///
    /// - Returns: whether the owner has a quota.
    private func load(_ owner: UserID) async throws(FilesError) -> Bool {
        guard let use = try await store.find(owner) else {
            owners.note(owner, isMetered: false)
            return false
        }
        owners.note(owner, isMetered: true)
        let promised = try await store.promised(to: owner)
        do throws(RedisError) {
            try await meter.settle(owner, use, [], isAsked: true)
            if !promised.isEmpty { try await meter.beat(owner, promised) }
        } catch {
            // Whoever asks Redis next will find that out too.
        }
        return true
    }

    private func carryOut(_ note: Note) async {
        switch note {
        case .settle(let owner, let use, let leases): try? await meter.settle(owner, use, leases)
        case .beat:
            for (owner, leases) in held.withLock({ $0 }) {
                // What does not answer now is asked at the next beat.
                guard (try? await meter.beat(owner, leases.map { (id: $0.key, amount: $0.value) })) != nil else { return }
            }
        }
    }

    private func hold(
        _ id: QuotaLease.ID, of owner: UserID, more: QuotaAmount = .zero, less: QuotaAmount = .zero, atMost most: QuotaAmount? = nil
    ) {
        held.withLock { held in
            let amount = held[owner]?[id, default: .zero] ?? .zero
            let left = (amount + more - less).limited(to: most)
            held[owner, default: [:]][id] = left.isEmpty ? nil : left
            if held[owner]?.isEmpty == true { held[owner] = nil }
        }
    }
}
