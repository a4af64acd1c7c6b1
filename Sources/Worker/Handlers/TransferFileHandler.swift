package import Curl
package import Files
package import Jobs
import Logging
import Platform

/// Carries one staged file to the FTP server.
///
/// Safe to run twice, at the same time and after a crash at any line: the object appears under its key by one rename,
/// the row turns `stored` only from `staged`, and the staged bytes go last.
package struct TransferFileHandler: Sendable {
    /// Until the next look at a staging area that was not there.
    private static let absence: Duration = .seconds(10)

    private let files: FileTransitions
    private let staging: StagingArea
    private let ftp: FTPClient

    /// - Parameter files: releases containers of `staging`.
    package init(files: FileTransitions, staging: StagingArea, ftp: FTPClient) {
        self.files = files
        self.staging = staging
        self.ftp = ftp
    }

    package func handle(_ job: TransferFile, _ context: JobContext) async -> JobOutcome {
        do {
            return try await run(job, context)
        } catch {
            return JobOutcome(error, of: job.file, context)
        }
    }

    private func run(_ job: TransferFile, _ context: JobContext) async throws -> JobOutcome {
        if let former = context.previousEpoch { try await removePart(of: job, epoch: former, context) }
        guard let file = try await files.load(job.file) else { return try await leaveNothing(of: job) }
        switch file.state {
        case .staged: return try await transfer(file, context)
        case .stored: try await files.release(of: file)
        case .deleting: return try await leaveNothing(of: job)
        case .failed: break
        }
        return .done
    }

    /// A part that the server does not give up is no reason to keep the file waiting; the sweeper tries again.
    private func removePart(of job: TransferFile, epoch: Int64, _ context: JobContext) async throws(FTPError) {
        do {
            _ = try await ftp.delete(PartName.of(job.key, epoch: epoch))
        } catch let error where error.disposition == .retry || error.disposition == .fatal {
            context.logger.debug("the part of a former run stays", metadata: .init([.error: "\(error)"]))
        }
    }

    private func transfer(_ file: FileRecord, _ context: JobContext) async throws -> JobOutcome {
        do {
            try await ftp.publish(
                file: staging.path(of: file.place.container), from: file.place.offset, size: file.size, as: file.key,
                temporaryName: PartName.of(file.key, epoch: context.epoch), isCurrent: context.isCurrent)
        } catch {
            let outcome = JobOutcome(error, of: file.id, context)
            guard case .giveUp(let reason) = outcome else { return outcome }
            // No file is at fault when none is there: a volume that is not mounted must not fail them all.
            guard await staging.isThere() else { return .later(after: Self.absence, reason: "the staging area is not there") }
            return try await files.markFailed(file.id, reason: reason) ? outcome : settle(file)
        }
        return try await files.markStored(file.id) ? .done : settle(file)
    }

    /// The row was not `staged` any more. Only what is being deleted is taken back: the row of a file that was given up may be
    /// `staged` again and its object published by another run before a deletion here would arrive.
    private func settle(_ file: FileRecord) async throws -> JobOutcome {
        switch try await files.load(file.id)?.state {
        case .stored: try await files.release(of: file)
        case .deleting, nil: _ = try await ftp.delete(file.key)
        case .staged, .failed: break
        }
        return .done
    }

    /// The file was deleted, and a former run may have renamed its upload after the object was looked for.
    private func leaveNothing(of job: TransferFile) async throws -> JobOutcome {
        _ = try await ftp.delete(job.key)
        return .done
    }
}
