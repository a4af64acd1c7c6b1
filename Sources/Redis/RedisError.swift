/// Why a command has no reply.
///
/// `description` is safe to log: it holds the server's error code and nothing of keys or values. The server's whole
/// sentence, which may repeat arguments, is in `serverMessage` and `debugDescription`.
public struct RedisError: Error, Sendable {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case unavailable, timeout, server, protocolViolation, replyTooLarge, cancelled, closed, configuration
        }

        private let value: Value

        /// No usable server: not connected, connection lost, too much in flight, or the server answers LOADING, READONLY
        /// or MASTERDOWN. After a lost connection it is unknown whether the command was executed.
        public static let unavailable = Code(value: .unavailable)
        /// No reply within the deadline. Whether the command was executed is unknown.
        public static let timeout = Code(value: .timeout)
        /// The server refused the command; see `serverCode`.
        public static let server = Code(value: .server)
        /// The peer sent what is not RESP2, or a reply to nothing. The connection has been closed.
        public static let protocolViolation = Code(value: .protocolViolation)
        /// The reply exceeds `RedisConfiguration.maximumReplySize`. The connection has been closed.
        public static let replyTooLarge = Code(value: .replyTooLarge)
        /// The calling task was cancelled. If the command was already written, the server executes it.
        public static let cancelled = Code(value: .cancelled)
        /// The client was shut down.
        public static let closed = Code(value: .closed)
        /// The configuration cannot work: a bad URL, a certificate file that cannot be read, refused credentials.
        public static let configuration = Code(value: .configuration)

        public var description: String { value.rawValue }
    }

    public let code: Code
    /// What happened, without data.
    public let message: String
    /// The error that caused this one, if any.
    public let underlying: (any Error)?
    /// The server's sentence, for instance `WRONGTYPE Operation against …`; it may hold keys and arguments.
    public let serverMessage: String?

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
        serverMessage = nil
    }

    /// The error for a sentence of the server: `.unavailable` where another try may succeed elsewhere or later.
    public init(server sentence: String) {
        let word = Self.firstWord(sentence)
        code = ["LOADING", "READONLY", "MASTERDOWN"].contains(word) ? .unavailable : .server
        message = "server error " + (word ?? "without a code")
        underlying = nil
        serverMessage = sentence
    }

    /// The first word of the server's sentence, for instance `NOSCRIPT`, or nil when it has no such code.
    public var serverCode: String? {
        serverMessage.flatMap(Self.firstWord)
    }

    /// Codes are upper-case words; anything else may be data and is not repeated in a log.
    private static func firstWord(_ sentence: String) -> String? {
        let word = sentence.utf8.prefix { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "_") }
        return (1...32).contains(word.count) ? String(Substring(word)) : nil
    }
}

extension RedisError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "redis \(code): \(message)" }

    public var debugDescription: String {
        description + (serverMessage.map { " [\($0)]" } ?? "") + (underlying.map { " (\($0))" } ?? "")
    }
}
