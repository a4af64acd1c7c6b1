/// One rule of a list of types: by the name of a file, or by its content.
public struct TypeRule: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// `.png`: what follows a dot in the name; in lower case, without the dot.
        case suffix(String)
        /// `image/png`, or `image/*`, whose subtype is nil; in lower case.
        case type(String, subtype: String?)
        /// `magic:TEXT`: what a description of the content holds; in lower case.
        case words(String)
    }

    public let kind: Kind
    /// As it was written.
    public let description: String

    /// - Returns: nil for what is none of these forms.
    public init?(_ text: String) {
        let lower = text.lowercased()
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), text.utf8.count <= 128 else { return nil }
        if lower.hasPrefix("magic:"), lower.utf8.count > 6 {
            kind = .words(String(lower.dropFirst(6)))
        } else if lower.hasPrefix("."), Self.isName(lower.dropFirst()) {
            kind = .suffix(String(lower.dropFirst()))
        } else {
            let parts = lower.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]), parts[1] == "*" || Self.isName(parts[1]) else { return nil }
            kind = .type(String(parts[0]), subtype: parts[1] == "*" ? nil : String(parts[1]))
        }
        description = text
    }

    /// Whether it takes the content to tell.
    public var isOfContent: Bool {
        if case .suffix = kind { false } else { true }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "+-_.".utf8.contains(byte)
            } && text.utf8.first != UInt8(ascii: ".")
    }
}
