import Redis

/// The transitions in Redis, one script each; their contracts stand in the Lua files.
enum QuotaScripts {
    static let take = make("quota_take", PackageResources.quota_take_lua, isNeededAlways: false)
    static let settle = make("quota_settle", PackageResources.quota_settle_lua)
    static let beat = make("quota_beat", PackageResources.quota_beat_lua)

    /// - Parameter isNeededAlways: whether a server at its maxmemory runs it as well; what only reserves is refused there.
    private static func make(_ name: String, _ source: [UInt8], isNeededAlways: Bool = true) -> RedisScript {
        let text = String(decoding: PackageResources.quota_lua + source, as: UTF8.self)
        return RedisScript(name: name, source: (isNeededAlways ? "#!lua flags=allow-oom\n" : "") + text)
    }
}
