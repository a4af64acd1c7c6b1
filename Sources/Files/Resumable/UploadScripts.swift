import Redis

/// The transitions of claims in Redis, one script each; their contracts stand in the Lua files.
enum UploadScripts {
    static let claim = make("upload_claim", PackageResources.upload_claim_lua)
    static let beat = make("upload_beat", PackageResources.upload_beat_lua)
    static let leave = make("upload_leave", PackageResources.upload_leave_lua)

    /// They keep little and for seconds, so that a server at its maxmemory runs them as well.
    private static func make(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: "#!lua flags=allow-oom\n" + String(decoding: source, as: UTF8.self))
    }
}
