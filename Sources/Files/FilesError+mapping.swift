import Glibc
import Platform
import Postgres

extension FilesError {
    /// The failure of a system call on the staging area. The one table that sorts them.
    package static func system(_ call: StaticString, _ number: Int32) -> FilesError {
        let detail = "\(call): \(String(cString: strerror(number)))"
        return switch number {
        case ENOSPC, EDQUOT: FilesError(.stagingFull, detail)
        // Room of another kind, which uploads that end give back.
        case EMFILE, ENFILE: FilesError(.stagingFull, detail)
        default: FilesError(.storage, detail)
        }
    }

    /// Gives what a pool, a batcher or a task threw the shape of this module.
    init(_ error: any Error) {
        switch error {
        case let error as FilesError: self = error
        case let error as PostgresError: self.init(changing: error)
        case is CancellationError: self.init(.cancelled, "cancelled")
        case is BlockingPoolClosed, is BatcherClosed: self.init(.closed, "shutting down")
        default: self.init(.storage, "unexpected failure", underlying: error)
        }
    }

    /// The failure of a query that changes nothing, so that it may be repeated whether the database has carried it out or not.
    init(reading error: PostgresError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "cancelled", underlying: error)
        case .closed: self.init(.closed, "shutting down", underlying: error)
        default: self.init(.database, "the database did not carry out a statement", underlying: error)
        }
    }

    private init(changing error: PostgresError) {
        if error.isOutcomeUnknown {
            self.init(.unknownOutcome, "the outcome of a statement is unknown", underlying: error)
        } else {
            self.init(reading: error)
        }
    }
}
