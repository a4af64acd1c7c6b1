import Platform
import Synchronization

/// The will to write to an upload, which ends when somebody else has it later.
final class UploadClaim: Sendable {
    private struct State {
        var number: Int64?
        /// The largest number of another process's claims that came while this had none yet.
        var heard: Int64 = -1
        var epoch: Int64?
        var isLost = false
        var isLeft = false
    }

    let id: UploadID
    /// Tells claims apart that have the same number.
    let token = UUIDv7()
    /// Whether Redis is to know of it.
    let isRenewed: Bool
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter onEnd: runs at most once, when the claim is lost.
    init(_ id: UploadID, isRenewed: Bool = true, onEnd: @escaping @Sendable () -> Void) {
        self.id = id
        self.isRenewed = isRenewed
        self.onEnd = onEnd
    }

    /// Grows from claim to claim; nil until Redis has given it.
    var number: Int64? { state.withLock { $0.number } }

    func numbered(_ number: Int64) {
        let isLate = state.withLock { state in
            state.number = number
            return state.heard >= number
        }
        if isLate { lose() }
    }

    /// Another process has claimed the upload under this number.
    func heard(_ number: Int64) {
        let isOlder = state.withLock { state in
            state.heard = max(state.heard, number)
            return state.number.map { $0 <= number } ?? false
        }
        if isOlder { lose() }
    }

    /// The fence in the row; nil until it is there.
    var epoch: Int64? { state.withLock { $0.epoch } }

    func fenced(_ epoch: Int64) { state.withLock { $0.epoch = epoch } }

    /// Whether somebody else has claimed the upload since.
    var isLost: Bool { state.withLock { $0.isLost } }

    /// Given back: by now its request may have been answered, and what `onEnd` ends would be the next one's.
    func left() { state.withLock { $0.isLeft = true } }

    func lose() {
        let isFirst = state.withLock { state in
            defer { state.isLost = true }
            return !state.isLost && !state.isLeft
        }
        if isFirst { onEnd() }
    }
}
