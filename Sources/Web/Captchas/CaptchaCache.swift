package import NIOCore

/// What was drawn and spoken last, up to a number of bytes; what nobody has asked for the longest goes first.
///
/// The entries form a list in the order of their use, whose links are their keys.
package struct CaptchaCache<Key: Hashable> {
    private struct Entry {
        let bytes: ByteBuffer
        var older: Key?
        var newer: Key?
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var oldest: Key?
    private var newest: Key?
    private var size = 0

    /// - Parameter limit: in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// What is kept under a key, which counts as a use of it.
    package mutating func use(_ key: Key) -> ByteBuffer? {
        guard let bytes = remove(key) else { return nil }
        append(bytes, as: key)
        return bytes
    }

    /// Keeps something, unless it alone would be too large.
    package mutating func keep(_ bytes: ByteBuffer, as key: Key) {
        _ = remove(key)
        guard bytes.readableBytes <= limit else { return }
        append(bytes, as: key)
        while size > limit, let oldest { _ = remove(oldest) }
    }

    private mutating func append(_ bytes: ByteBuffer, as key: Key) {
        entries[key] = Entry(bytes: bytes, older: newest, newer: nil)
        if let newest { entries[newest]?.newer = key } else { oldest = key }
        newest = key
        size += bytes.readableBytes
    }

    private mutating func remove(_ key: Key) -> ByteBuffer? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        if let older = entry.older { entries[older]?.newer = entry.newer } else { oldest = entry.newer }
        if let newer = entry.newer { entries[newer]?.older = entry.older } else { newest = entry.older }
        size -= entry.bytes.readableBytes
        return entry.bytes
    }
}
