import Curl
import Files
import Jobs
import Platform

extension JobOutcome {
    private static let log = FailureLog()
    private static let longestPause: Duration = .seconds(30)

    /// What a failure means for the job that met it: the one table.
    ///
    /// An outage of the FTP server or the database costs no attempt, so that one of days loses no file. A refusal of this very
    /// file costs one, and the last one ends the job.
    init(_ error: any Error, of file: FileID, _ context: JobContext) {
        switch error {
        case let error as FTPError: self.init(error, of: file, context)
        case let error as FilesError where error.isOutage:
            Self.log.note("files \(error.code)", error.description, context.logger)
            self = .later(after: Pause.since(file, longest: Self.longestPause), reason: error.description)
        default:
            Self.log.note("\(type(of: error))", "\(error)", context.logger)
            self.init(retrying: "\(error)", context)
        }
    }

    private init(_ error: FTPError, of file: FileID, _ context: JobContext) {
        let reason = "FTP: \(error.message)"
        if error.disposition != .cancelled {
            Self.log.note("FTP \(error.disposition) \(error.replyCode ?? 0)", reason, context.logger)
        }
        switch error.disposition {
        case .unavailable: self = .later(after: Pause.since(file, longest: Self.longestPause), reason: reason)
        case .superseded, .cancelled: self = .later(after: .zero, reason: reason)
        case .retry: self.init(retrying: reason, context)
        default: self = .giveUp(reason: reason)
        }
    }

    private init(retrying reason: String, _ context: JobContext) {
        self = context.isLast ? .giveUp(reason: reason) : .retry(after: nil, reason: reason)
    }
}

extension FilesError {
    /// Whether it concerns every file alike, and passes.
    fileprivate var isOutage: Bool {
        [.database, .unknownOutcome, .cancelled, .closed].contains(code)
    }
}
