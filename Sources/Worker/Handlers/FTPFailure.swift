import Curl
import Jobs

/// What an FTP failure means for the job that met it.
enum FTPFailure {
    /// An outage of the server costs no attempt, so one of days loses no file; a refusal of this very file does, and the
    /// last one ends the job. Delays after an outage are spread, so that jobs that failed together do not return together.
    static func outcome(of error: FTPError, _ context: JobContext) -> JobOutcome {
        let reason = error.description
        return switch error.disposition {
        case .unavailable: .later(after: .seconds(Double.random(in: 1...5)), reason: reason)
        case .superseded, .cancelled: .later(after: .zero, reason: reason)
        case .retry where !context.isLast: .retry(after: nil, reason: reason)
        default: .giveUp(reason: reason)
        }
    }
}
