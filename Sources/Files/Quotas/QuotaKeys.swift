import Platform

/// The keys of quotas in Redis. Those of one user share a hash tag, hence a slot of a cluster, hence any script.
enum QuotaKeys {
    /// What the scripts take, in their order.
    static func all(of owner: UserID) -> [String] {
        ["use", "reserved", "ends"].map { "{quota:\(owner)}\($0)" }
    }
}
