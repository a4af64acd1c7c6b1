import CCurl

/// Why there is no answer.
public struct HTTPFailure: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// No connection came about: the server has seen nothing of the request.
        case unreachable
        /// The connection broke or fell silent: the server may have done what it was asked.
        case lost
        /// The server's certificate is not to be trusted.
        case untrusted
        /// The body could not be read.
        case unreadable
        /// The sink wanted no more.
        case unwritable
        /// The caller was cancelled, or the engine has ended.
        case cancelled
    }

    public let kind: Kind
    /// libcurl's own words; contains nothing of the request.
    public let message: String

    public init(_ kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }

    /// - Parameters:
    ///   - code: libcurl's.
    ///   - hasBegun: whether bytes of the body were taken or some of an answer came.
    package static func kind(curl code: UInt32, hasBegun: Bool) -> Kind {
        switch CURLcode(code) {
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH: .untrusted
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PROXY:
            .unreachable
        case CURLE_OPERATION_TIMEDOUT: hasBegun ? .lost : .unreachable
        default: .lost
        }
    }
}
