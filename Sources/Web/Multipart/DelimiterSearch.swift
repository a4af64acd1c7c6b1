import Glibc

/// Finds `CR LF - - boundary` in a stream of chunks.
///
/// A boundary holds no CR, so CR occurs in the delimiter at its first byte only. Hence two occurrences, whole or begun,
/// never overlap; the only place where a delimiter can begin in the rest of a chunk is its last CR; and the bytes of a
/// delimiter that was begun need not be kept, since their number says what they are.
///
/// The search compares 8 positions at a time, as one 64-bit word, on three bytes of the delimiter (the first, the second
/// and the last), on two more where these agree, and looks closer where all five do. (With `SIMD16` instead, the compiler of
/// Swift 6.3 compares lane by lane.) Its cost depends on the content only by those closer looks. A body can be made for them;
/// but what agrees with a begun delimiter holds no other beginning, so that all looks together read each byte once, and the
/// first 8 bytes end most.
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
            let (last, middle) = (pattern.count - 1, pattern.count / 2)
            let positions = text.count - last
            let (firsts, seconds, lasts) = (
                Self.repeated(.carriageReturn), Self.repeated(.lineFeed), Self.repeated(pattern[last])
            )
            let (thirds, middles) = (Self.repeated(.hyphen), Self.repeated(pattern[middle]))
            var position = 0
            while position &+ 8 <= positions {
                let next = base + position
                // A byte of `difference` is 0 where all agree.
                var difference = (Self.word(next) ^ firsts) | (Self.word(next + 1) ^ seconds) | (Self.word(next + last) ^ lasts)
                if Self.zeroBytes(difference) != 0 {
                    difference |= (Self.word(next + 2) ^ thirds) | (Self.word(next + middle) ^ middles)
                    var candidates = Self.zeroBytes(difference)
                    while candidates != 0 {
                        let candidate = position &+ candidates.trailingZeroBitCount / 8
                        if Self.isEqual(base + candidate, pattern) { return candidate }
                        candidates &= candidates &- 1
                    }
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

    /// The byte at the lowest address is the lowest.
    private static func word(_ address: UnsafeRawPointer) -> UInt64 { UInt64(littleEndian: address.loadUnaligned(as: UInt64.self)) }

    /// The top bit of each byte that is 0, and maybe of bytes above such a one: subtracting 1 from every byte borrows into them.
    private static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    private static func isEqual(_ text: UnsafeRawPointer, _ pattern: UnsafeRawBufferPointer) -> Bool {
        guard let wanted = pattern.baseAddress else { return false }
        if pattern.count >= 8, word(text) != word(wanted) { return false }
        return memcmp(text, wanted, pattern.count) == 0
    }

    private static func match(of pattern: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, at positions: Range<Int>) -> Int? {
        guard let base = text.baseAddress else { return nil }
        return positions.first { text[$0] == .carriageReturn && isEqual(base + $0, pattern) }
    }
}
