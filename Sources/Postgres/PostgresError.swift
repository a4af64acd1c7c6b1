/// What went wrong between this process and Postgres.
///
/// `description` is safe to log: it names codes, tables and constraints and never quotes a value. What the server said in
/// words (which may quote values) is in `debugDescription` alone.
public struct PostgresError: Error, CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind of failure, for `catch` and `==`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String { case unavailable, timeout, server, decoding, closed, cancelled, misuse, configuration }
        private let kind: Kind

        /// The server cannot be reached, refuses connections, or the connection was lost.
        public static let unavailable = Self(kind: .unavailable)
        /// A deadline passed: waiting for a connection, for a lock, or for the end of a statement.
        public static let timeout = Self(kind: .timeout)
        /// The server refused the statement; see `sqlState`.
        public static let server = Self(kind: .server)
        /// A column is missing or its content is not of the type asked for.
        public static let decoding = Self(kind: .decoding)
        /// The pool has been closed.
        public static let closed = Self(kind: .closed)
        /// The calling task was cancelled.
        public static let cancelled = Self(kind: .cancelled)
        /// The call cannot be carried out as written, for example a string with a NUL character as a parameter.
        public static let misuse = Self(kind: .misuse)
        /// The configuration is not valid.
        public static let configuration = Self(kind: .configuration)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// A sentence made by this module; quotes no value.
    public let message: String
    /// The five-character condition of the server (PostgreSQL manual, appendix A), where it sent one.
    public internal(set) var sqlState: String?
    /// The name of the violated constraint, where the server named one.
    public internal(set) var constraint: String?
    /// The table the error is about, where the server named one.
    public internal(set) var table: String?
    /// Whether a statement may have taken effect although it failed here: the connection was lost or given up between
    /// sending the statement and reading its result.
    public internal(set) var isOutcomeUnknown = false
    /// The server's own words. May quote values: never log.
    let serverMessage: String?

    public init(_ code: Code, _ message: String) {
        self.init(code, message, serverMessage: nil)
    }

    init(_ code: Code, _ message: String, serverMessage: String?) {
        self.code = code
        self.message = message
        self.serverMessage = serverMessage
    }

    /// Whether the same call may succeed later without anything being changed.
    public var isTransient: Bool {
        code == .unavailable || code == .timeout || isSerializationFailure
    }

    /// Whether the server gave up this transaction in favour of another (40001, 40P01), so that it can be run again.
    public var isSerializationFailure: Bool {
        sqlState == "40001" || sqlState == "40P01"
    }

    public var description: String {
        var text = "postgres \(code): \(message)"
        if let sqlState { text += " [\(sqlState)]" }
        if let table { text += " table \(table)" }
        if let constraint { text += " constraint \(constraint)" }
        if isOutcomeUnknown { text += " (outcome unknown)" }
        return text
    }

    public var debugDescription: String {
        serverMessage.map { "\(description): \($0)" } ?? description
    }
}
