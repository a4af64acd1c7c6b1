/// Why content could not be looked at. Holds nothing of the content.
public struct MagicError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        /// libmagic or its database is not there, or is of another version.
        case noDatabase
        /// libmagic gave up.
        case failed
    }

    public let code: Code

    public init(_ code: Code) { self.code = code }

    public var description: String {
        switch code {
        case .noDatabase: "libmagic's database cannot be loaded; Debian has it in the package libmagic-mgc"
        case .failed: "libmagic gave up"
        }
    }
}
