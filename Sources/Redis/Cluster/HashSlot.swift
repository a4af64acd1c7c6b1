/// The slot of a cluster in which a key lies (Redis Cluster specification, "Key distribution model" and "Hash tags").
package enum HashSlot {
    /// Slots are 0 to 16383.
    package static let count = 16384

    package static func of(_ key: some Collection<UInt8>) -> Int {
        Int(checksum(tag(of: key))) % count
    }

    /// What stands between the first `{` and the next `}`, if that is anything, else the whole key.
    private static func tag<Key: Collection<UInt8>>(of key: Key) -> Key.SubSequence {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[key.index(after: open)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex else { return key[...] }
        return rest[..<close]
    }

    /// CRC-16/XMODEM: polynomial 0x1021, initial value 0.
    private static func checksum(_ bytes: some Collection<UInt8>) -> UInt16 {
        var sum: UInt16 = 0
        for byte in bytes {
            sum ^= UInt16(byte) << 8
            for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
        return sum
    }
}
