import Glibc

/// Finds `CR LF - - boundary` in a stream of chunks.
///
/// A boundary holds no CR, so CR occurs in the delimiter at its first byte only. Hence two occurrences, whole or begun,
/// never overlap; the only place where a delimiter can begin in the rest of a chunk is its last CR; and the bytes of a
/// delimiter that was begun need not be kept, since their number says what they are.
///
/// The search compares 8 positions at a time, as one 64-bit word, on three bytes of the delimiter (the first, the second
/// and the last) and looks closer where all three agree. (With `SIMD16` instead, the compiler of Swift 6.3 compares lane
/// by lane.) Its cost does not depend on the content, other than by those closer looks: at most one for every two bytes,
/// as CR LF takes two, each of at most 74 bytes.
package struct DelimiterSearch: Sendable {
    /// The delimiter.
    package let pattern: [UInt8]

    package init(boundary: MultipartBoundary) {
        pattern = [.carriageReturn, .lineFeed, .hyphen, .hyphen] + boundary.bytes
    }

    /// Where the first whole delimiter begins.
    package func firstMatch(in text: UnsafeRawBufferPointer) -> Int? {
        guard let base = text.baseAddress, text.count >= pattern.count else { return nil }
        return pattern.withUnsafeBytes { pattern in
            let last = pattern.count - 1
            let positions = text.count - last
            let (firsts, seconds, lasts) = (
                Self.repeated(.carriageReturn), Self.repeated(.lineFeed), Self.repeated(pattern[last])
            )
            var position = 0
            while position &+ 8 <= positions {
                let next = base + position
                // A byte of `difference` is 0 where all three agree.
                let difference =
                    (next.loadUnaligned(as: UInt64.self) ^ firsts)
                    | ((next + 1).loadUnaligned(as: UInt64.self) ^ seconds)
                    | ((next + last).loadUnaligned(as: UInt64.self) ^ lasts)
                if Self.holdsZeroByte(difference), let match = Self.match(of: pattern, in: text, at: position..<position &+ 8) {
                    return match
                }
                position &+= 8
            }
            return Self.match(of: pattern, in: text, at: position..<positions)
        }
    }

    /// How many of the last bytes of `text` begin a delimiter that the next chunk may complete.
    ///
    /// - Precondition: `text` holds no whole delimiter.
    package func begun(atEndOf text: UnsafeRawBufferPointer) -> Int {
        var position = text.count
        let limit = max(0, text.count - (pattern.count - 1))
        while position > limit {
            position -= 1
            if text[position] == .carriageReturn {
                let length = text.count - position
                return continuation(after: 0, in: UnsafeRawBufferPointer(rebasing: text[position...])) == length ? length : 0
            }
        }
        return 0
    }

    /// How many of the first bytes of `text` continue a delimiter of which `matched` bytes have been seen.
    func continuation(after matched: Int, in text: UnsafeRawBufferPointer) -> Int {
        let length = min(text.count, pattern.count - matched)
        var count = 0
        while count < length, text[count] == pattern[matched + count] { count += 1 }
        return count
    }

    private static func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Subtracting 1 from every byte borrows into the top bit of a byte that was 0.
    private static func holdsZeroByte(_ word: UInt64) -> Bool {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0
    }

    private static func match(of pattern: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, at positions: Range<Int>) -> Int? {
        let last = pattern.count - 1
        for position in positions
        where text[position] == .carriageReturn && text[position + 1] == .lineFeed && text[position + last] == pattern[last] {
            let candidate = UnsafeRawBufferPointer(rebasing: text[position..<position + last])
            if let start = candidate.baseAddress, let wanted = pattern.baseAddress, memcmp(start, wanted, last) == 0 { return position }
        }
        return nil
    }
}
