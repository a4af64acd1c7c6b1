/// The order of a list of files. Files that are equal by the field are ordered by their id, so every order is total.
public struct FileSort: Sendable, Hashable, LosslessStringConvertible {
    public enum Field: String, Sendable, CaseIterable {
        /// By the moment of acceptance.
        case created
        /// By the lower-case name, code point by code point.
        case name
        case size
    }

    public var field: Field
    public var isDescending: Bool

    public init(_ field: Field, descending: Bool = false) {
        self.field = field
        isDescending = descending
    }

    /// The newest first.
    public static let newest = FileSort(.created, descending: true)

    /// Reads `created`, `name` or `size`, descending with a `-` in front.
    public init?(_ description: String) {
        let isDescending = description.hasPrefix("-")
        guard let field = Field(rawValue: String(description.dropFirst(isDescending ? 1 : 0))) else { return nil }
        self.init(field, descending: isDescending)
    }

    public var description: String { (isDescending ? "-" : "") + field.rawValue }
}
