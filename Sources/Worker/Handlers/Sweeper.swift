package import Files
package import Logging
import Platform
import Synchronization

/// Removes bytes in staging that no row owns, resumable uploads that have expired, and answers to requests that have been kept for
/// their time.
///
/// Such bytes are left behind only by killed processes, so each worker looks rarely: four times in the age at which they go.
package final class Sweeper: Sendable {
    private let files: FileTransitions
    private let staging: StagingArea
    private let uploads: UploadSweep
    private let replies: ReplyStore
    private let age: Duration
    private let next = Mutex(ContinuousClock.now)

    /// - Parameter age: of the bytes that go.
    package init(files: FileTransitions, staging: StagingArea, uploads: UploadSweep, replies: ReplyStore, age: Duration) {
        self.files = files
        self.staging = staging
        self.uploads = uploads
        self.replies = replies
        self.age = age
    }

    /// Sweeps if it is due. A failure is logged and no more: what could not be removed is found again.
    package func sweepIfDue(_ logger: Logger) async {
        guard isDue() else { return }
        do {
            let count = try await staging.sweep(olderThan: age) { try await self.files.needed($0) }
            if count > 0 { logger.notice("swept staged bytes that no file needs", metadata: .init([.count: "\(count)"])) }
            let expired = try await uploads.run(olderThan: age)
            if expired > 0 { logger.notice("swept resumable uploads", metadata: .init([.count: "\(expired)"])) }
            let answers = try await replies.purge()
            if answers > 0 { logger.info("removed answers that were kept for a day", metadata: .init([.count: "\(answers)"])) }
        } catch {
            logger.warning("a sweep was not finished", metadata: .init([.error: "\(error)"]))
        }
    }

    private func isDue() -> Bool {
        next.withLock { next in
            guard next <= .now else { return false }
            next = .now + age / 4
            return true
        }
    }
}
