import Curl
import Files
import Jobs

/// Carries one staged file to the FTP server.
///
/// Safe to run twice, at the same time and after a crash at any line: the object appears under its key by one rename,
/// the row turns `stored` only from `staged`, and the staged bytes go last.
struct TransferFileHandler {
    let files: FileTransitions
    let staging: StagingArea
    let ftp: FTPClient

    func handle(_ job: TransferFile, _ context: JobContext) async throws -> JobOutcome {
        if let lost = context.previousEpoch {
            _ = try await ftp.delete(PartName.of(job.key, epoch: lost))
        }
        guard let file = try await files.load(job.file) else {
            return try await leaveNothing(of: job)
        }
        switch file.state {
        case .staged: return try await transfer(file, context)
        case .stored: try await staging.remove(file.id)
        case .failed, .deleting: break
        }
        return .done
    }

    private func transfer(_ file: FileRecord, _ context: JobContext) async throws -> JobOutcome {
        do {
            try await ftp.publish(
                file: staging.path(of: file.id), size: file.size, as: file.key,
                temporaryName: PartName.of(file.key, epoch: context.epoch), isCurrent: context.isCurrent)
        } catch {
            return try await outcome(of: error, file, context)
        }
        guard try await files.markStored(file.id) else {
            return try await undo(file)
        }
        try await staging.remove(file.id)
        return .done
    }

    /// The row was not `staged` any more: deleted meanwhile, or stored by another run of the same job.
    private func undo(_ file: FileRecord) async throws -> JobOutcome {
        let now = try await files.load(file.id)
        if now?.state != .stored { _ = try await ftp.delete(file.key) }
        return .done
    }

    /// The row is gone, so the file was deleted; a former run may have renamed its upload after that.
    private func leaveNothing(of job: TransferFile) async throws -> JobOutcome {
        _ = try await ftp.delete(job.key)
        return .done
    }

    private func outcome(of error: FTPError, _ file: FileRecord, _ context: JobContext) async throws -> JobOutcome {
        switch FTPFailure.outcome(of: error, context) {
        case .giveUp(let reason):
            try await files.markFailed(file.id, reason: reason)
            return .giveUp(reason: reason)
        case let other: return other
        }
    }
}
