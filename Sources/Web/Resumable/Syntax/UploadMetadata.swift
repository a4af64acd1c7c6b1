/// What a client says about a file: the pairs of an Upload-Metadata field.
///
/// Every key is a token and every value base64, so the field as it was sent may be sent back.
package struct UploadMetadata: Hashable, Sendable {
    package static let maximumLength = 4096
    package static let maximumCount = 32

    private struct Pair: Hashable, Sendable {
        let key: String
        let value: [UInt8]
    }

    /// As it was sent; empty where there was none.
    package let text: String
    private let pairs: [Pair]

    /// Reads the value of the field. An empty one is none: clients without metadata send it like that.
    package init(_ field: String?) throws(UploadFieldError) {
        text = field ?? ""
        guard text.utf8.count <= Self.maximumLength else {
            throw UploadFieldError(.metadata, "It may have \(Self.maximumLength) bytes at most.")
        }
        guard !text.isEmpty else {
            pairs = []
            return
        }
        let items = Array(text.utf8).split(separator: .comma, maxSplits: Self.maximumCount, omittingEmptySubsequences: false)
        guard items.count <= Self.maximumCount else {
            throw UploadFieldError(.metadata, "It may have \(Self.maximumCount) pairs at most.")
        }
        var pairs: [Pair] = []
        for item in items {
            let pair = try Self.pair(item)
            guard !pairs.contains(where: { $0.key == pair.key }) else {
                throw UploadFieldError(.metadata, "Each of its keys may occur once.")
            }
            pairs.append(pair)
        }
        self.pairs = pairs
    }

    /// The bytes that a key stands for; nil where it is not there.
    package subscript(key: String) -> [UInt8]? {
        pairs.first { $0.key == key }?.value
    }

    private static func pair(_ item: ArraySlice<UInt8>) throws(UploadFieldError) -> Pair {
        // Blanks around a comma are what joins two fields of the name.
        var item = item.drop { $0 == .space }
        while item.last == .space { item.removeLast() }
        let key = item.prefix { $0 != .space }
        guard !key.isEmpty, key.allSatisfy(\.isTokenCharacter) else {
            throw UploadFieldError(.metadata, "Each of its pairs has to begin with a key of letters, digits and the like.")
        }
        guard let value = Base64.decode(item.dropFirst(key.count + 1)) else {
            throw UploadFieldError(.metadata, "Each of its values has to be base64 with padding, one blank behind its key.")
        }
        return Pair(key: String(decoding: key, as: UTF8.self), value: value)
    }
}
