/// What went wrong with a file.
///
/// `description` is safe to log: it holds no user's file name and no content.
public struct FilesError: Error, CustomStringConvertible {
    /// The kind of failure, for `catch` and `==`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case badName, badCursor, tooLarge, stagingFull, storage, database, unknownOutcome, unknownDeletion, cancelled, closed, noArea
            case foreignArea, misuse, quotaExceeded, superseded, refused, uploadNotFound, uploadExpired, uploadElsewhere, uploadBusy,
                uploadEnded,
                wrongOffset
            case wrongLength, tooManyUploads, partsUnusable, partsUnfinished, digestMismatch
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
        /// The database knows another disk as the staging area of this name.
        public static let foreignArea = Self(kind: .foreignArea)
        /// The call is not possible in this state, such as writing to an upload that has ended.
        public static let misuse = Self(kind: .misuse)

        /// The owner's quota has no room; `quota` names the limit. Nothing of the upload remains.
        public static let quotaExceeded = Self(kind: .quotaExceeded)
        /// Somebody else has taken over what this call wanted to end: an upload, or a request with an Idempotency-Key.
        public static let superseded = Self(kind: .superseded)

        /// The caller has no resumable upload of this id.
        public static let uploadNotFound = Self(kind: .uploadNotFound)
        /// A resumable upload has waited too long for its next byte.
        public static let uploadExpired = Self(kind: .uploadExpired)
        /// The bytes of a resumable upload are in another staging area than this process has.
        public static let uploadElsewhere = Self(kind: .uploadElsewhere)
        /// Whoever writes to a resumable upload was told to end and does not.
        public static let uploadBusy = Self(kind: .uploadBusy)
        /// A resumable upload takes no bytes any more: it is complete, dead, or being joined.
        public static let uploadEnded = Self(kind: .uploadEnded)
        /// A resumable upload does not go on where the client would; `offset` is where it does.
        public static let wrongOffset = Self(kind: .wrongOffset)
        /// A resumable upload has another length by now.
        public static let wrongLength = Self(kind: .wrongLength)
        /// The owner has as many resumable uploads open as is allowed.
        public static let tooManyUploads = Self(kind: .tooManyUploads)
        /// These are not all parts of the owner that can be joined.
        public static let partsUnusable = Self(kind: .partsUnusable)
        /// Bytes of a part are still to come.
        public static let partsUnfinished = Self(kind: .partsUnfinished)
        /// The bytes do not have the digest that was announced for them.
        public static let digestMismatch = Self(kind: .digestMismatch)

        /// The content of a resumable upload is not wanted; `underlying` tells why. The upload is dead.
        public static let refused = Self(kind: .refused)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// A sentence made by this module.
    public let message: String
    /// What caused this, if it came from below.
    public let underlying: (any Error)?
    /// Of `.quotaExceeded`.
    public private(set) var quota: QuotaNote?
    /// Of `.wrongOffset`.
    public private(set) var offset: Int64?
    /// Of `.tooManyUploads`: how many may be open.
    public private(set) var maximum: Int64?

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

    static let requestTakenOver = FilesError(.superseded, "the request is run elsewhere by now")

    static func tooManyUploads(maximum: Int) -> FilesError {
        var error = FilesError(.tooManyUploads, "at most \(maximum) uploads may be open")
        error.maximum = Int64(maximum)
        return error
    }

    static func wrongOffset(_ offset: Int64) -> FilesError {
        var error = FilesError(.wrongOffset, "the upload goes on at \(offset)")
        error.offset = offset
        return error
    }

    public var description: String {
        underlying.map { "files \(code): \(message) (\($0))" } ?? "files \(code): \(message)"
    }
}
