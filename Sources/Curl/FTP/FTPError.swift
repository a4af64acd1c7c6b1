/// Why an operation on the FTP server did not succeed.
public struct FTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller should do about it.
    public struct Disposition: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case unavailable, retry, fatal, superseded, cancelled
        }

        private let value: Value

        /// The server, the network or the configuration: it concerns every file alike. Try later, spend no attempt.
        public static let unavailable = Disposition(value: .unavailable)
        /// It concerns this file; another attempt may succeed.
        public static let retry = Disposition(value: .retry)
        /// Another attempt cannot succeed.
        public static let fatal = Disposition(value: .fatal)
        /// The caller was no longer entitled to publish; nothing has been renamed.
        public static let superseded = Disposition(value: .superseded)
        /// The caller was cancelled, or the engine has ended.
        public static let cancelled = Disposition(value: .cancelled)

        public var description: String { value.rawValue }
    }

    public let disposition: Disposition
    /// The server's reply that decided, if one did.
    public let replyCode: Int?
    /// Safe to log: names made by us, libcurl's own words, and the server's reply reduced to printable ASCII.
    public let message: String

    public init(_ disposition: Disposition, replyCode: Int? = nil, message: String) {
        self.disposition = disposition
        self.replyCode = replyCode
        self.message = message
    }

    public var description: String { "FTP: \(message) (\(disposition))" }
}
