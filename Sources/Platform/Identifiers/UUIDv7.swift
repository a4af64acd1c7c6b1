import Glibc

/// A time-ordered unique identifier (RFC 9562, section 5.7).
///
/// 48 bits of Unix milliseconds, then 74 random bits. Identifiers made later sort later (to the millisecond), so an
/// index on them stays append-only and an age needs no lookup. Not a secret: 74 random bits are no token.
public struct UUIDv7: Hashable, Sendable, Comparable {
    private let high: UInt64
    private let low: UInt64

    /// A new identifier for the present moment.
    public init() {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        self.init(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// A new identifier for a moment given in milliseconds since 1970-01-01 UTC.
    public init(milliseconds: Int64) {
        var generator = SystemRandomNumberGenerator()
        self.init(milliseconds: milliseconds, using: &generator)
    }

    /// A new identifier with random bits from `generator`, for tests that need a repeatable one.
    public init(milliseconds: Int64, using generator: inout some RandomNumberGenerator) {
        high = UInt64(truncatingIfNeeded: milliseconds) << 16 | 0x7000 | generator.next() & 0x0FFF
        low = 0x8000_0000_0000_0000 | generator.next() & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// Milliseconds since 1970-01-01 UTC at which the identifier was made.
    public var milliseconds: Int64 { Int64(high >> 16) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UUIDv7: LosslessStringConvertible {
    /// 36 characters: lower-case hexadecimal with hyphens.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4) & 0xF)
                buffer[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
                position += 1
            }
            return position
        }
    }

    /// Reads the canonical form only: 36 characters, hyphens in place, version 7, RFC variant. Upper case is accepted.
    public init?(_ description: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in description.utf8 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == 0x2D else { return nil }
            } else {
                let digit: UInt8
                switch byte {
                case 0x30...0x39: digit = byte - 0x30
                case 0x61...0x66: digit = byte - 0x57
                case 0x41...0x46: digit = byte - 0x37
                default: return nil
                }
                guard digits < 32 else { return nil }
                if digits < 16 { words.0 = words.0 << 4 | UInt64(digit) } else { words.1 = words.1 << 4 | UInt64(digit) }
                digits += 1
            }
            position += 1
        }
        guard digits == 32, position == 36, words.0 >> 12 & 0xF == 7, words.1 >> 62 == 2 else { return nil }
        (high, low) = words
    }
}

extension UUIDv7: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = try Self(container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a version 7 UUID")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
