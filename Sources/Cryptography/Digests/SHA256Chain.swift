import COpenSSL

/// A SHA-256 digest (FIPS 180-4) on its way, which can be copied, put away and taken up again elsewhere.
///
/// For bytes that arrive over several connections, or processes: what `state` gives is all that is needed to go on, however many
/// bytes there have been. OpenSSL 3 offers that through its low-level context only, whose fields are public.
public struct SHA256Chain: Sendable {
    /// The length of every `state`: eight words, the count of bits, and a block that may be empty.
    public static let stateByteCount = 104

    private static let blockByteCount = 64

    private var context = SHA256_CTX()

    public init() {
        precondition(SHA256_Init(&context) == 1, "SHA256_Init failed")
    }

    /// Takes up where `state` was read.
    ///
    /// - Returns: nil for what `state` cannot have given.
    public init?(state: [UInt8]) {
        guard state.count == Self.stateByteCount else { return nil }
        func number(at position: Int, bytes: Int) -> UInt64 { state[position..<position + bytes].reduce(0) { $0 << 8 | UInt64($1) } }
        let bits = number(at: 32, bytes: 8)
        guard bits % 8 == 0 else { return nil }
        self.init()
        withUnsafeMutableBytes(of: &context.h) { words in
            for index in 0..<8 {
                words.storeBytes(of: UInt32(number(at: 4 * index, bytes: 4)), toByteOffset: 4 * index, as: UInt32.self)
            }
        }
        context.Nl = UInt32(truncatingIfNeeded: bits)
        context.Nh = UInt32(truncatingIfNeeded: bits >> 32)
        context.num = UInt32(bits / 8 % UInt64(Self.blockByteCount))
        withUnsafeMutableBytes(of: &context.data) { $0.copyBytes(from: state[40...]) }
    }

    /// How many bytes it is over.
    public var byteCount: Int64 { Int64(bitCount / 8) }

    private var bitCount: UInt64 { UInt64(context.Nh) << 32 | UInt64(context.Nl) }

    /// Takes the next bytes. They are not kept.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        precondition(SHA256_Update(&context, bytes.baseAddress, bytes.count) == 1, "SHA256_Update failed")
    }

    /// The digest of all bytes until now; more may follow.
    public func finished() -> SHA256Digest {
        var copy = context
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256Digest.byteCount) { buffer in
            guard SHA256_Final(buffer.baseAddress, &copy) == 1, let digest = SHA256Digest(bytes: buffer) else {
                preconditionFailure("SHA256_Final failed")
            }
            return digest
        }
    }

    /// Everything that is needed to go on: the same on every machine.
    public var state: [UInt8] {
        var state: [UInt8] = []
        state.reserveCapacity(Self.stateByteCount)
        withUnsafeBytes(of: context.h) { words in
            for index in 0..<8 {
                let word = words.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                withUnsafeBytes(of: word.bigEndian) { state.append(contentsOf: $0) }
            }
        }
        withUnsafeBytes(of: bitCount.bigEndian) { state.append(contentsOf: $0) }
        // What lies behind the bytes that wait for their block is of former blocks.
        let waiting = Int(context.num)
        withUnsafeBytes(of: context.data) { state.append(contentsOf: $0.prefix(waiting)) }
        state.append(contentsOf: repeatElement(0, count: Self.blockByteCount - waiting))
        return state
    }
}
