import Redis

/// The transitions in Redis, one script each; their contracts stand in the Lua files.
enum RedisScripts {
    static let sessionOpen = session("session_open", PackageResources.session_open_lua, isNeededAlways: false)
    static let sessionTouch = session("session_touch", PackageResources.session_touch_lua)
    static let sessionFollow = session("session_follow", PackageResources.session_follow_lua)
    static let sessionEnd = session("session_end", PackageResources.session_end_lua)
    static let sessionEndAll = session("session_end_all", PackageResources.session_end_all_lua)
    static let sessionList = session("session_list", PackageResources.session_list_lua)
    static let throttleTake = make("throttle_take", PackageResources.clock_lua + PackageResources.throttle_take_lua, isNeededAlways: false)
    static let throttleReturn = make("throttle_return", PackageResources.throttle_return_lua)
    static let sweep = make("sweep", PackageResources.clock_lua + PackageResources.sweep_lua)

    private static func session(_ name: String, _ source: [UInt8], isNeededAlways: Bool = true) -> RedisScript {
        make(name, PackageResources.clock_lua + PackageResources.sessions_lua + source, isNeededAlways: isNeededAlways)
    }

    /// - Parameter isNeededAlways: whether a server at its maxmemory runs it as well. A session must end there, and those that
    ///   are open must go on; only what adds keys for good is refused.
    private static func make(_ name: String, _ source: [UInt8], isNeededAlways: Bool = true) -> RedisScript {
        RedisScript(name: name, source: (isNeededAlways ? "#!lua flags=allow-oom\n" : "") + String(decoding: source, as: UTF8.self))
    }
}
