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

    /// Sweeps if it is due. A failure is logged, keeps nothing else from being swept, and no more: what could not be removed is
    /// found again.
    package func sweepIfDue(_ logger: Logger) async {
        guard isDue() else { return }
        await attempt(logger, "swept staged bytes that no file needs") {
            try await staging.sweep(olderThan: age) { try await self.files.needed($0) }
        }
        await attempt(logger, "swept resumable uploads") { try await uploads.run(olderThan: age) }
        await attempt(logger, "removed answers that were kept for a day") { try await replies.purge() }
    }

    private func attempt(_ logger: Logger, _ sentence: Logger.Message, _ sweep: () async throws -> Int) async {
        do {
            let count = try await sweep()
            if count > 0 { logger.notice(sentence, metadata: .init([.count: "\(count)"])) }
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
