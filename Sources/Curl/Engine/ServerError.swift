/// Why an operation on a server did not succeed; `Service` is the kind of server.
public struct ServerError<Service: RemoteService>: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller should do about it.
    public struct Disposition: Hashable, Sendable, CustomStringConvertible {
        fileprivate enum Value: String {
            case unavailable, retry, fatal, superseded, cancelled
        }

        fileprivate let value: Value

        /// The server, the network or the configuration: it concerns every file or message alike. Try later, spend no attempt.
        public static var unavailable: Self { Self(value: .unavailable) }
        /// It concerns this file or message; another attempt may succeed.
        public static var retry: Self { Self(value: .retry) }
        /// Another attempt cannot succeed.
        public static var fatal: Self { Self(value: .fatal) }
        /// The caller was cancelled, or the engine has ended. The server may have taken a message.
        public static var cancelled: Self { Self(value: .cancelled) }

        public var description: String { value.rawValue }
    }

    public let disposition: Disposition
    /// The server's reply that decided, if one did.
    public let replyCode: Int?
    /// Safe to log: names made by us, libcurl's own words, and of the reply no more than the service allows.
    public let message: String

    public init(_ disposition: Disposition, replyCode: Int? = nil, message: String) {
        self.disposition = disposition
        self.replyCode = replyCode
        self.message = message
    }

    public var description: String { "\(Service.name): \(message) (\(disposition))" }
}

/// A kind of server, as a type that tells the errors of one from those of another.
public protocol RemoteService: Sendable {
    static var name: String { get }
}

public enum FTPService: RemoteService {
    public static var name: String { "FTP" }
}

public enum SMTPService: RemoteService {
    public static var name: String { "SMTP" }
}

/// The message may hold the server's reply, reduced to printable ASCII.
public typealias FTPError = ServerError<FTPService>
/// The message never holds the reply's text, which may repeat the address.
public typealias SMTPError = ServerError<SMTPService>

extension FTPError.Disposition {
    /// The caller was no longer entitled to publish; nothing has been renamed.
    public static var superseded: Self { Self(value: .superseded) }
}
