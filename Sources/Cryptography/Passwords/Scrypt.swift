import COpenSSL

/// The password hash scrypt (RFC 7914). It blocks for a tenth of a second and more: call it on a pool of its own.
public enum Scrypt {
    /// What one hash costs.
    public struct Cost: Sendable, Hashable {
        /// The binary logarithm of N.
        public let logN: Int
        /// The block size.
        public let r: Int
        /// How often the work is done; it takes time and no more memory.
        public let p: Int

        /// - Returns: nil for a cost that is none, or that no honest setting has: more than 256 MiB or 64 rounds.
        public init?(logN: Int, r: Int, p: Int) {
            guard (1...20).contains(logN), (1...32).contains(r), (1...64).contains(p), 128 * r << logN <= 256 << 20 else { return nil }
            (self.logN, self.r, self.p) = (logN, r, p)
        }

        private init(checked logN: Int, _ r: Int, _ p: Int) {
            (self.logN, self.r, self.p) = (logN, r, p)
        }

        /// 32 MiB and three rounds, which OWASP's list of equal settings ranks beside 128 MiB and one.
        public static let standard = Cost(checked: 15, 8, 3)

        /// The bytes of memory one hash takes.
        public var memory: Int { 128 * r * (1 << logN + p + 2) }
    }

    /// Derives `count` bytes from a password.
    ///
    /// - Returns: nil when the memory cannot be had.
    public static func derive(password: [UInt8], salt: [UInt8], cost: Cost, count: Int = 32) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: count)
        // OpenSSL's own limit is the very memory of the standard cost.
        let limit = UInt64(cost.memory + 1 << 20)
        let result = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.assumingMemoryBound(to: CChar.self).baseAddress, password.count, salt, salt.count, UInt64(1) << UInt64(cost.logN),
                UInt64(cost.r), UInt64(cost.p), limit, &key, key.count)
        }
        return result == 1 ? key : nil
    }
}
