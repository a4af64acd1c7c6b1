/// What went wrong with a file.
///
/// `description` is safe to log: it holds no user's file name and no content.
public struct FilesError: Error, CustomStringConvertible {
    /// The kind of failure, for `catch` and `==`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case badName, badCursor, tooLarge, stagingFull, storage, database, unknownOutcome, unknownDeletion, cancelled, closed, noArea
            case misuse, quotaExceeded, superseded
        }
        private let kind: Kind

        /// The name of a file cannot be cleaned into one that is usable.
        public static let badName = Self(kind: .badName)
        /// A cursor was not made by this service, or for another sort order.
        public static let badCursor = Self(kind: .badCursor)
        /// An upload is longer than its limit.
        public static let tooLarge = Self(kind: .tooLarge)
        /// The staging area has no room: bytes, inodes or quota. Nothing of the upload remains.
        public static let stagingFull = Self(kind: .stagingFull)
        /// The staging area failed in another way. Nothing of the upload remains.
        public static let storage = Self(kind: .storage)
        /// Postgres is unavailable or refused the statement, and nothing was changed.
        public static let database = Self(kind: .database)
        /// The connection to Postgres was lost during the commit, so the change may have been made or not.
        public static let unknownOutcome = Self(kind: .unknownOutcome)
        /// The same when files were to be deleted: all, some or none are. Deleting them again is harmless.
        public static let unknownDeletion = Self(kind: .unknownDeletion)
        /// The calling task was cancelled.
        public static let cancelled = Self(kind: .cancelled)
        /// The service is shutting down.
        public static let closed = Self(kind: .closed)
        /// The directory is no staging area: nobody has made one there, or its volume is not mounted.
        public static let noArea = Self(kind: .noArea)
        /// The call is not possible in this state, such as writing to an upload that has ended.
        public static let misuse = Self(kind: .misuse)

        /// The owner's quota has no room; `quota` names the limit. Nothing of the upload remains.
        public static let quotaExceeded = Self(kind: .quotaExceeded)
        /// Somebody else has taken over what this call wanted to end: an upload, or a request with an Idempotency-Key.
        public static let superseded = Self(kind: .superseded)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// A sentence made by this module.
    public let message: String
    /// What caused this, if it came from below.
    public let underlying: (any Error)?
    /// Of `.quotaExceeded`.
    public private(set) var quota: QuotaNote?

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    static func quota(_ note: QuotaNote) -> FilesError {
        var error = FilesError(.quotaExceeded, "at most \(note.maximum) \(note.kind.rawValue), \(note.used) are taken")
        error.quota = note
        return error
    }

    public var description: String {
        underlying.map { "files \(code): \(message) (\($0))" } ?? "files \(code): \(message)"
    }
}
