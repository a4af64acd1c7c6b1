import Redis

extension RedisValue {
    /// The number of a reply, within ±2⁵³: what Lua holds exactly, and what can be added and subtracted without overflow. Whatever else a
    /// server says is none.
    var exact: Int64? { int.flatMap { (-(1 << 53)...(1 << 53)).contains($0) ? $0 : nil } }

    /// A position that a script counts from 1, from 0 on.
    var position: Int? { exact.flatMap { $0 > 0 ? Int($0) - 1 : nil } }
}
