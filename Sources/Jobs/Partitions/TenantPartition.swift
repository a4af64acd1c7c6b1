/// In which partition of a queue the jobs of a tenant are: always the same one, so that their order is kept.
package enum TenantPartition {
    /// FNV-1a, 64 bits: stable over versions and machines, which Swift's own hashing is not. Where it changes, jobs of one tenant lie
    /// in two partitions.
    package static func of(_ tenant: String, among count: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in tenant.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The low bits alone are those of the last bytes above all.
        return Int((hash ^ hash >> 32) % UInt64(count))
    }
}
