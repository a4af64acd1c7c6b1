extension RedisCommand {
    /// The slot of a cluster in which the command's first key lies; nil when it has no key, so that any node will do.
    ///
    /// Known are scripts, commands of the server and of the connection; in all others the first argument is taken for a key,
    /// which is so for every command on strings, hashes, lists, sets and sorted sets.
    package var slot: Int? {
        switch key?.storage {
        case .string(let text): HashSlot.of(text.utf8)
        case .bytes(let bytes): HashSlot.of(bytes)
        case nil: nil
        }
    }

    static func key(_ name: String, _ arguments: [RedisArgument]) -> RedisArgument? {
        let name = name.uppercased()
        switch name {
        case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO":
            guard arguments.count > 2, arguments[1] != 0 else { return nil }
            return arguments[2]
        case _ where keyless.contains(name): return nil
        default: return arguments.first
        }
    }

    private static let keyless: Set<String> = [
        "ACL", "ASKING", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEBUG", "DISCARD", "ECHO",
        "EXEC", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION", "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY", "MEMORY", "MODULE", "MULTI",
        "PING", "PUBLISH", "PUBSUB", "RANDOMKEY", "READONLY", "READWRITE", "REPLICAOF", "RESET", "ROLE", "SAVE", "SCAN", "SCRIPT", "SELECT",
        "SENTINEL", "SHUTDOWN", "SLOWLOG", "SUBSCRIBE", "SWAPDB", "TIME", "UNSUBSCRIBE", "UNWATCH", "WAIT",
    ]
}
