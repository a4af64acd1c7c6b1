/// The place of a job in a distributed trace, in the form of the `traceparent` header (W3C Trace Context, version 00).
public struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// `00-<32 hexadecimal digits>-<16>-<2>`
    public let description: String

    /// - Returns: nil for anything but the exact lower-case form, and for ids that are all zero, which the standard forbids.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 32, 16, 2], parts[0].elementsEqual("00".utf8) else { return nil }
        let isHexadecimal = parts.joined().allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isHexadecimal, parts[1...2].allSatisfy({ $0.contains { $0 != UInt8(ascii: "0") } }) else { return nil }
        description = text
    }
}
