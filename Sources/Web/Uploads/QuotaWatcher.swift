import Files
import NIOCore
import Synchronization

/// Takes the room of one file from the lease of its request.
final class QuotaWatcher: UploadWatcher {
    private let lease: QuotaLease
    /// The bytes that it has room for; nil once that was given back.
    private let count = Mutex<Int64?>(0)

    private init(_ lease: QuotaLease) {
        self.lease = lease
    }

    /// - Throws: `.quotaExceeded` when there is no room for another file.
    static func begin(_ lease: QuotaLease) async throws -> QuotaWatcher {
        try await lease.use(bytes: 0, files: 1)
        return QuotaWatcher(lease)
    }

    func take(_ bytes: ByteBuffer) async throws {
        let (before, more) = (count.withLock { $0 }, Int64(bytes.readableBytes))
        do throws(FilesError) {
            try await lease.use(bytes: more, of: before)
            count.withLock { $0 = (before ?? 0) + more }
        } catch {
            if error.code == .quotaExceeded { count.withLock { $0 = nil } }
            throw error
        }
    }

    func finish() async throws {}

    func discard() async {
        if let count = count.withLock({ $0.take() }) { lease.giveBack(bytes: count, files: 1) }
    }
}
