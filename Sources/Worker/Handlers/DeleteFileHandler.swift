import Curl
import Files
import Jobs

/// Removes a deleted file everywhere: the FTP object, the staged bytes, then the row.
///
/// The row goes last, so that a crash before it leaves something from which the job is made again.
struct DeleteFileHandler {
    let files: FileTransitions
    let staging: StagingArea
    let ftp: FTPClient

    func handle(_ job: DeleteFile, _ context: JobContext) async throws -> JobOutcome {
        guard let file = try await files.load(job.file), file.state == .deleting else { return .done }
        do {
            _ = try await ftp.delete(file.key)
        } catch {
            return FTPFailure.outcome(of: error, context)
        }
        try await staging.remove(file.id)
        try await files.remove(file.id)
        return .done
    }
}
