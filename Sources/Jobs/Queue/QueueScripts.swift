package import Redis

/// The transitions of the queue, one script each; their contracts stand in the Lua files.
package enum QueueScripts {
    package static let enqueue = RedisScript(
        name: "enqueue", source: head + String(decoding: PackageResources.lanes_lua + PackageResources.enqueue_lua, as: UTF8.self))
    package static let cycle = make("cycle", PackageResources.cycle_lua)
    package static let beat = make("beat", PackageResources.beat_lua)
    package static let fail = make("fail", PackageResources.fail_lua)
    package static let reap = make("reap", PackageResources.reap_lua)
    package static let release = make("release", PackageResources.release_lua)
    package static let unpark = make("unpark", PackageResources.unpark_lua)
    package static let cancel = make("cancel", PackageResources.cancel_lua)
    package static let pause = make("pause", PackageResources.pause_lua)
    package static let limit = make("limit", PackageResources.limit_lua)
    package static let deadPage = make("dead_page", PackageResources.dead_page_lua, .reads)
    package static let deadReplay = make("dead_replay", PackageResources.dead_replay_lua)
    package static let deadDrop = make("dead_drop", PackageResources.dead_drop_lua)
    package static let tick = make("tick", PackageResources.tick_lua, nil)
    package static let snapshot = make("snapshot", PackageResources.snapshot_lua, .reads)
    package static let check = make("check", PackageResources.check_lua, .reads)
    package static let homes = make("homes", PackageResources.homes_lua, .reads)
    package static let partitions = make("partitions", PackageResources.partitions_lua)
    /// For those who have nothing to write down: they may ask a replica.
    package static let partitionsAsked = make("partitions", PackageResources.partitions_lua, .reads)

    /// What Redis lets a script do where it refuses others.
    private enum Permission: String {
        /// For what moves jobs or removes them: a server at its maxmemory must still renew leases, or the jobs that run would run
        /// again elsewhere, and must still drain. Only what adds jobs is refused there.
        case moves = "allow-oom"
        /// For what only looks: replicas may run it too.
        case reads = "no-writes"
    }

    /// A line that Redis knows from version 7 on: an older server refuses the script as a whole, from producers too.
    private static let head = "#!lua\n"

    private static func make(_ name: String, _ source: [UInt8], _ permission: Permission? = .moves) -> RedisScript {
        let head = permission.map { "#!lua flags=\($0.rawValue)\n" } ?? head
        let source = PackageResources.lanes_lua + PackageResources.entries_lua + source
        return RedisScript(name: name, source: head + String(decoding: source, as: UTF8.self))
    }
}
