/// A short decimal code made of an authentication code.
public enum TruncatedCode {
    /// The dynamic truncation of RFC 4226, section 5.3, for the longer digest as in RFC 6238: 31 bits at a place that the last
    /// four bits name, as a decimal number with leading zeros.
    ///
    /// - Parameter count: 6…9 digits; 31 bits have no more.
    public static func digits(of code: SHA256Digest, count: Int) -> String {
        precondition((6...9).contains(count), "a code has 6 to 9 digits")
        let bytes = code.bytes
        let offset = Int(bytes[bytes.count - 1] & 0xF)
        var number = bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        var digits = [UInt8](repeating: UInt8(ascii: "0"), count: count)
        for place in stride(from: count - 1, through: 0, by: -1) {
            digits[place] += UInt8(number % 10)
            number /= 10
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
