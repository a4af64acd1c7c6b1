import Files
import NIOCore
import Synchronization

/// Takes the room of one file from the lease of its request.
final class QuotaWatcher: UploadWatcher {
    private let lease: QuotaLease
    private let count = Mutex<Int64>(0)

    private init(_ lease: QuotaLease) {
        self.lease = lease
    }

    /// - Throws: `.quotaExceeded` when there is no room for another file.
    static func begin(_ lease: QuotaLease) async throws -> QuotaWatcher {
        try await lease.use(bytes: 0, files: 1)
        return QuotaWatcher(lease)
    }

    func take(_ bytes: ByteBuffer) async throws {
        try await lease.use(bytes: Int64(bytes.readableBytes))
        count.withLock { $0 += Int64(bytes.readableBytes) }
    }

    func finish() async throws {}

    func discard() async {
        lease.giveBack(bytes: count.withLock { $0 }, files: 1)
    }
}
