import Glibc

/// How many descriptors this process may have open (getrlimit(2)).
public enum DescriptorLimit {
    /// Raises the limit as far as a process may by itself: to the hard one. The soft limit that services start with, often
    /// 1024, is there for programs that use select(2).
    ///
    /// - Returns: the limit from now on.
    public static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        var wanted = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        if limit.rlim_cur < limit.rlim_max, setrlimit(resource, &wanted) == 0 { limit = wanted }
        return Int(clamping: limit.rlim_cur)
    }
}
