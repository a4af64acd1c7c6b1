import Postgres
import Redis

/// What went wrong with an account. `description` is safe to log: it holds no name, address or token.
public struct AccountsError: Error, CustomStringConvertible {
    /// The kind of failure, for `catch` and `==`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case badName, badEmail, badFullName, nameTaken, emailTaken, unknownUser, tooManyTokens
            case database, unavailable, busy, cancelled, closed
        }

        private let kind: Kind

        /// A name is empty, too long, or has characters that names must not have.
        public static let badName = Self(kind: .badName)
        /// A text is no e-mail address that mail can be sent to.
        public static let badEmail = Self(kind: .badEmail)
        /// A full name is too long, or has characters that cannot be shown on one line.
        public static let badFullName = Self(kind: .badFullName)
        /// Another user has a name that looks the same.
        public static let nameTaken = Self(kind: .nameTaken)
        /// Another user has the same address.
        public static let emailTaken = Self(kind: .emailTaken)
        /// There is no such user.
        public static let unknownUser = Self(kind: .unknownUser)
        /// The user has as many API tokens as one may have.
        public static let tooManyTokens = Self(kind: .tooManyTokens)
        /// Postgres is unavailable or refused the statement.
        public static let database = Self(kind: .database)
        /// Redis is unavailable or refused a command. Nobody is let in without it.
        public static let unavailable = Self(kind: .unavailable)
        /// More passwords are being checked than may wait; the same call may succeed in some seconds.
        public static let busy = Self(kind: .busy)
        /// The calling task was cancelled.
        public static let cancelled = Self(kind: .cancelled)
        /// The service is shutting down.
        public static let closed = Self(kind: .closed)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// A sentence made by this module.
    public let message: String
    /// What caused this, if it came from below.
    public let underlying: (any Error)?
    /// When to try again, if that is known.
    public let retryAfter: Duration?

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
        self.retryAfter = retryAfter
    }

    public var description: String {
        underlying.map { "accounts \(code): \(message) (\($0))" } ?? "accounts \(code): \(message)"
    }
}

extension AccountsError {
    /// The meaning of a database error. The one table that sorts them; constraints are those of the migrations.
    init(_ error: PostgresError) {
        switch (error.constraint, error.code) {
        case ("users_name_key", _): self.init(.nameTaken, "the name is taken")
        case ("users_email_key", _): self.init(.emailTaken, "the address is taken")
        case ("api_tokens_user_id_fkey", _), ("known_devices_user_id_fkey", _): self.init(.unknownUser, "there is no such user")
        case (_, .cancelled): self.init(.cancelled, "cancelled", underlying: error)
        case (_, .closed): self.init(.closed, "shutting down", underlying: error)
        default: self.init(.database, "the database did not carry out a statement", underlying: error)
        }
    }

    /// The meaning of a Redis error: whatever it is, there is no session without Redis.
    init(_ error: RedisError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "cancelled", underlying: error)
        case .closed: self.init(.closed, "shutting down", underlying: error)
        default: self.init(.unavailable, "Redis did not carry out a command", underlying: error)
        }
    }
}
