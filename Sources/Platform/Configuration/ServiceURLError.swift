/// Why a text is no `ServiceURL`. Contains nothing of the text, since that may hold a password.
public struct ServiceURLError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        fileprivate enum Value: String {
            case malformed = "is not of the form scheme://host"
            case unknownScheme = "has an unknown scheme"
            case fragment = "has a '#' (write %23 inside a password)"
            case user = "has a user name that is wrongly percent-encoded or holds a control byte"
            case password = "has a password that is wrongly percent-encoded or holds a control byte"
            case host = "has no valid host (inside a user name or password write %40 for '@', %2F for '/')"
            case port = "has a port that is not a number from 1 to 65535 (inside a password write %3A for ':', %2F for '/')"
            case path = "has a path that is wrongly percent-encoded or holds a control byte"
            case query = "has a query with a wrong, nameless or repeated entry"
        }

        fileprivate let value: Value

        public static let malformed = Code(value: .malformed)
        public static let unknownScheme = Code(value: .unknownScheme)
        public static let fragment = Code(value: .fragment)
        public static let user = Code(value: .user)
        public static let password = Code(value: .password)
        public static let host = Code(value: .host)
        public static let port = Code(value: .port)
        public static let path = Code(value: .path)
        public static let query = Code(value: .query)
    }

    public let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// Continues a sentence that begins with the name of the setting.
    public var description: String { "the URL " + code.value.rawValue }
}
