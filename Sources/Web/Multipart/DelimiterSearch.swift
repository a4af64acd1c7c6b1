/// Finds `CR LF - - boundary` in a stream of chunks.
///
/// A boundary holds no CR, so CR occurs in the delimiter at its first byte only. Hence two occurrences, whole or begun,
/// never overlap; the only place where a delimiter can begin in the rest of a chunk is its last CR; and the bytes of a
/// delimiter that was begun need not be kept, since their number says what they are.
///
/// The search compares 16 positions at a time on three bytes of the delimiter (the first, the second and the last) and
/// looks closer where all three agree. Its cost does not depend on the content, other than by those closer looks: at most
/// one for every three bytes, since no CR may stand between CR and LF, each of at most 74 bytes.
struct DelimiterSearch: Sendable {
    /// The delimiter.
    let pattern: [UInt8]

    init(boundary: MultipartBoundary) {
        pattern = [.carriageReturn, .lineFeed, .hyphen, .hyphen] + boundary.bytes
    }

    /// Where the first whole delimiter begins.
    func firstMatch(in text: UnsafeRawBufferPointer) -> Int? {
        guard let base = text.baseAddress, text.count >= pattern.count else { return nil }
        return pattern.withUnsafeBytes { pattern in
            let last = pattern.count - 1
            let positions = text.count - last
            let firsts = SIMD16<UInt8>(repeating: .carriageReturn)
            let seconds = SIMD16<UInt8>(repeating: .lineFeed)
            let lasts = SIMD16<UInt8>(repeating: pattern[last])
            var position = 0
            while position + 16 <= positions {
                // A byte of `difference` is 0 where all three agree.
                let difference =
                    (base.loadUnaligned(fromByteOffset: position, as: SIMD16<UInt8>.self) ^ firsts)
                    | (base.loadUnaligned(fromByteOffset: position + 1, as: SIMD16<UInt8>.self) ^ seconds)
                    | (base.loadUnaligned(fromByteOffset: position + last, as: SIMD16<UInt8>.self) ^ lasts)
                let agreement = unsafeBitCast(difference .== 0, to: SIMD2<UInt64>.self)
                if agreement[0] | agreement[1] != 0,
                    let match = Self.match(of: pattern, in: text, at: position..<position + 16)
                {
                    return match
                }
                position += 16
            }
            return Self.match(of: pattern, in: text, at: position..<positions)
        }
    }

    /// How many of the last bytes of `text` begin a delimiter that the next chunk may complete.
    ///
    /// - Precondition: `text` holds no whole delimiter.
    func begun(atEndOf text: UnsafeRawBufferPointer) -> Int {
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

    private static func match(of pattern: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, at positions: Range<Int>) -> Int? {
        let last = pattern.count - 1
        candidates: for position in positions
        where text[position] == .carriageReturn && text[position + 1] == .lineFeed && text[position + last] == pattern[last] {
            for offset in 2..<last where text[position + offset] != pattern[offset] { continue candidates }
            return position
        }
        return nil
    }
}
