/// What content looks like.
public struct Sniffed: Hashable, Sendable {
    /// Media types, such as `image/png`. The first is the best guess; further ones are what else it may be taken for.
    public let types: [String]
    /// The same in words, such as `PNG image data, 1 x 1`. Printable; may hold words of the content.
    public let description: String

    public init(types: [String], description: String) {
        self.types = types
        self.description = description
    }
}
