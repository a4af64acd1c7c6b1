/// The CRC-32C checksum (Castagnoli; RFC 9260, appendix A), which finds accidents and is no protection against anybody.
struct CRC32C: Sendable {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// For eight bytes at a time: table `k` holds what a byte does that has `k` bytes behind it ("slicing by 8").
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            tables[byte] = (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ polynomial }
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    private var register: UInt32 = .max

    /// The checksum of all bytes until now.
    var value: UInt32 { ~register }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var register = register
        Self.tables.withUnsafeBufferPointer { table in
            var position = 0
            while bytes.count - position >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(register)
                register = 0
                for index in 0..<8 { register ^= table[(7 - index) * 256 + Int(word >> UInt64(8 * index) & 0xFF)] }
                position += 8
            }
            for byte in bytes[position...] { register = register >> 8 ^ table[Int((register ^ UInt32(byte)) & 0xFF)] }
        }
        self.register = register
    }
}
