/// Why a message was not sent.
public struct SMTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller should do about it.
    public struct Disposition: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case unavailable, retry, fatal, cancelled
        }

        private let value: Value

        /// The server, the network or the configuration: it concerns every message alike. Try later, spend no attempt.
        public static let unavailable = Disposition(value: .unavailable)
        /// Put off by the server (4xx: greylisting, a full mailbox). Another attempt may succeed.
        public static let retry = Disposition(value: .retry)
        /// Refused for good (5xx), or the message cannot be sent as it is.
        public static let fatal = Disposition(value: .fatal)
        /// The caller was cancelled, or the engine has ended. The server may have taken the message.
        public static let cancelled = Disposition(value: .cancelled)

        public var description: String { value.rawValue }
    }

    public let disposition: Disposition
    /// The server's reply that decided, if one did.
    public let replyCode: Int?
    /// Safe to log: libcurl's words and the reply code; not the reply's text, which may repeat the address.
    public let message: String

    public init(_ disposition: Disposition, replyCode: Int? = nil, message: String) {
        self.disposition = disposition
        self.replyCode = replyCode
        self.message = message
    }

    public var description: String { "SMTP: \(message) (\(disposition))" }
}
