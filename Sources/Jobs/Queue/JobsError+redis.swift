package import Redis

extension JobsError {
    /// What Redis said, with what an operator can do about it.
    ///
    /// - Parameter what: what was being done, for instance `cycle of queue mail`.
    package init(_ error: RedisError, doing what: String) {
        // "not connected" has a reason of its own, such as credentials that were refused.
        let cause = error.underlying as? RedisError ?? error
        let message = cause.message == error.message ? error.message : "\(error.message): \(cause.message)"
        if error.serverMessage?.contains("compiling script") == true {
            self.init(
                .unsupportedServer,
                "\(what): this server cannot read the queue's scripts, which need Redis 7.0 or later: upgrade it, "
                    + "or point SLUICE_REDIS_URL at a newer one; \(message)", underlying: error)
            return
        }
        let advice = cause.serverCode.map { Self.advice[$0] } ?? Self.advice(for: cause.code)
        self.init(
            error.serverCode == "OOM" ? .full : .unavailable, "\(what): \(message)" + (advice.map { "; \($0)" } ?? ""),
            underlying: error)
    }

    /// For faults on this side of the server.
    private static func advice(for code: RedisError.Code) -> String? {
        switch code {
        case .unavailable: "is Redis running where SLUICE_REDIS_URL says, and reachable from here?"
        case .timeout: "Redis or the way to it is slow: see SLOWLOG GET 10, INFO clients, redis-cli --latency"
        case .configuration: "look at user, password, database number and certificates in SLUICE_REDIS_URL"
        default: nil
        }
    }

    private static let advice = [
        "OOM": "Redis has reached maxmemory: let workers drain the queue, or CONFIG SET maxmemory, and the same in redis.conf",
        "READONLY": "this Redis is a replica: point SLUICE_REDIS_URL at the primary, or at Sentinel (redis+sentinel://)",
        "MISCONF": "Redis cannot write its files: look at its log and at INFO persistence, free its disk",
        "LOADING": "Redis is reading its files after a start; this passes",
        "MASTERDOWN": "this Redis is a replica without a primary: point SLUICE_REDIS_URL at the primary",
        "NOREPLICAS": "too few replicas are connected: start them, or CONFIG SET min-replicas-to-write 0",
        "BUSY": "a script of somebody else blocks Redis: SCRIPT KILL ends it",
        "NOAUTH": "Redis wants a password: put it into SLUICE_REDIS_URL",
        "NOPERM": "the Redis user may not use these commands or keys: see ACL LOG, and give them with ACL SETUSER",
        "CROSSSLOT": "the keys of a queue lie in one slot by their hash tag: is there a proxy that renames keys?",
        "CLUSTERDOWN": "the Redis cluster does not serve all slots: see CLUSTER INFO, bring back the nodes, redis-cli --cluster fix",
        "TRYAGAIN":
            "a slot of the queue is on its way to another node of the cluster, which this waited for: finish it, redis-cli --cluster fix",
        "MOVED": "this Redis is a node of a cluster: write redis+cluster:// in SLUICE_REDIS_URL",
        "ASK": "this Redis is a node of a cluster: write redis+cluster:// in SLUICE_REDIS_URL",
    ]
}
