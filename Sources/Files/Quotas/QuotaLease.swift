public import Platform
import Synchronization

/// Room that is promised to an upload, and given back with the last reference to this.
///
/// For an owner without a quota it is a lease of everything and costs nothing.
public final class QuotaLease: Sendable {
    public typealias ID = UUIDv7

    private struct State {
        var reserved: QuotaAmount
        /// Of that, what has come.
        var used = QuotaAmount.zero
        var isKept = false
    }

    /// What is asked for ahead of the bytes, so that not every piece of them is asked for.
    private static let stride: Int64 = 1 << 20

    let id: ID
    let owner: UserID
    /// Nil without a quota.
    private let keeper: QuotaKeeper?
    private let state: Mutex<State>

    init(_ id: ID, owner: UserID, keeper: QuotaKeeper?, reserved: QuotaAmount = .zero) {
        self.id = id
        self.owner = owner
        self.keeper = keeper
        state = Mutex(State(reserved: reserved))
    }

    /// A lease of what nobody limits.
    public convenience init(ofEverythingFor owner: UserID) {
        self.init(ID(), owner: owner, keeper: nil)
    }

    deinit {
        if state.withLock({ !$0.isKept && !$0.reserved.isEmpty }) { keeper?.release(id, of: owner) }
    }

    /// Takes from it what arrives, and asks for more when it does not suffice.
    ///
    /// - Parameter begun: the bytes of the same file that have come before. When there is no room for more of it, it and all that was
    ///   reserved ahead are given back at once: others wait for that room. nil: they stay.
    /// - Throws: `.quotaExceeded` when there is no room: then nothing was taken. `.database`.
    public func use(bytes: Int64, files: Int64 = 0, of begun: Int64? = nil) async throws(FilesError) {
        guard let keeper else { return }
        let amount = QuotaAmount(bytes: bytes, files: files)
        let (missing, used) = state.withLock { state in
            state.used = state.used + amount
            return (state.used - state.reserved, state.used)
        }
        guard !missing.isEmpty else { return }
        let ahead = QuotaAmount(
            bytes: missing.bytes == 0 ? 0 : max(missing.bytes, Self.stride, used.bytes / 8),
            files: missing.files == 0 ? 0 : max(missing.files, used.files / 8))
        let kept = begun.map { used - amount - QuotaAmount(bytes: $0, files: 1) }
        do throws(FilesError) {
            let more = try await keeper.reserve(id, of: owner, needed: missing, wanted: ahead, keeping: kept) ?? ahead
            state.withLock { $0.reserved = $0.reserved + more }
        } catch {
            state.withLock { state in
                state.used = state.used - amount
                guard error.code == .quotaExceeded, let kept else { return }
                (state.used, state.reserved) = (kept, state.reserved.limited(to: kept))
            }
            throw error
        }
    }

    /// What has come is not wanted after all: there is room for something else of the same request.
    public func giveBack(bytes: Int64, files: Int64 = 0) {
        state.withLock { $0.used = $0.used - QuotaAmount(bytes: bytes, files: files) }
    }

    /// From here on the row of the upload with the same id holds the room.
    public func keep() {
        state.withLock { $0.isKept = true }
        keeper?.forget(id, of: owner)
    }

    /// So much of it has become files.
    func settled(_ amount: QuotaAmount) {
        state.withLock { state in
            state.used = state.used - amount
            state.reserved = state.reserved - amount
        }
    }
}
