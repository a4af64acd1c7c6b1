/// How much the files of one user may take; nil for no limit.
public struct QuotaLimits: Sendable, Hashable {
    public var bytes: Int64?
    public var files: Int64?

    public init(bytes: Int64? = nil, files: Int64? = nil) {
        self.bytes = bytes
        self.files = files
    }

    public static let none = QuotaLimits()
}
