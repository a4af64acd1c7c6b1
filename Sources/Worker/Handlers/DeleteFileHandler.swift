package import Curl
package import Files
package import Jobs

/// Removes a deleted file everywhere: the FTP object, the staged bytes, then the row, and with it the container if no other file
/// needs it.
///
/// The row goes last, so that a crash before it leaves something from which the job is made again.
package struct DeleteFileHandler: Sendable {
    private let files: FileTransitions
    private let staging: StagingArea
    private let ftp: FTPClient

    package init(files: FileTransitions, staging: StagingArea, ftp: FTPClient) {
        self.files = files
        self.staging = staging
        self.ftp = ftp
    }

    package func handle(_ job: DeleteFile, _ context: JobContext) async -> JobOutcome {
        do {
            guard let file = try await files.load(job.file), file.state == .deleting else { return .done }
            _ = try await ftp.delete(file.key)
            try await staging.erase(file)
            try await files.remove(file.id)
            return .done
        } catch {
            return JobOutcome(error, of: job.file, context)
        }
    }
}
