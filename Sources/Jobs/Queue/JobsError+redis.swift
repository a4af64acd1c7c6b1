import Redis

extension JobsError {
    /// What Redis said, with what an operator can do about it.
    init(_ error: RedisError, doing what: String) {
        let advice = error.serverCode.flatMap { Self.advice[$0] }
        self.init(
            error.serverCode == "OOM" ? .full : .unavailable, "\(what): \(error)" + (advice.map { "; \($0)" } ?? ""), underlying: error)
    }

    private static let advice = [
        "OOM": "Redis has reached maxmemory: raise it, or let workers drain the queue",
        "READONLY": "this Redis is a replica: point SLUICE_REDIS_URL at the primary",
        "MISCONF": "Redis cannot write its files: look at its log, free its disk",
        "LOADING": "Redis is reading its files after a start; this passes",
        "MASTERDOWN": "this Redis is a replica without a primary: point SLUICE_REDIS_URL at the primary",
        "NOREPLICAS": "too few replicas are connected (min-replicas-to-write): look after them",
        "BUSY": "a script of somebody else blocks Redis: SCRIPT KILL ends it",
        "NOAUTH": "Redis wants a password: put it into SLUICE_REDIS_URL",
        "NOPERM": "the Redis user may not use these commands or keys: see ACL LOG",
        "CROSSSLOT": "the keys of a queue lie in one slot by their hash tag: is there a proxy that renames keys?",
        "CLUSTERDOWN": "the Redis cluster does not serve all slots: see CLUSTER INFO",
        "MOVED": "this Redis is a node of a cluster, which this version does not follow: use a server that is not",
        "ASK": "this Redis is a node of a cluster, which this version does not follow: use a server that is not",
    ]
}
