extension PartitionedJobQueue {
    /// The sums over all partitions; the age is that of the oldest.
    public func snapshot() async throws(JobsError) -> QueueSnapshot {
        let parts = try await all { _, partition throws(JobsError) in try await partition.snapshot() }
        func sum(_ value: (QueueSnapshot) -> Int) -> Int { parts.reduce(0) { $0 + value($1) } }
        return QueueSnapshot(
            ready: sum(\.ready), delayed: sum(\.delayed), inFlight: sum(\.inFlight), dead: sum(\.dead),
            oldestAge: parts.map(\.oldestAge).max() ?? .zero, lanes: sum(\.lanes), suspects: sum(\.suspects), parked: sum(\.parked),
            cancelled: sum(\.cancelled), bytes: sum(\.bytes), isPaused: parts.contains(where: \.isPaused), done: sum(\.done))
    }

    /// What is set on the queue: limits of the whole queue, which are divided among the partitions, as their sum.
    public func settings() async throws(JobsError) -> QueueSettings {
        let parts = try await all { _, partition throws(JobsError) in try await partition.settings() }
        var limits: [QueueLimit: Int] = [:]
        for (limit, value) in parts.flatMap(\.limits) { limits[limit] = limit.isOfTenants ? value : (limits[limit] ?? 0) + value }
        return QueueSettings(pauses: parts.reduce(into: []) { $0.formUnion($1.pauses) }, limits: limits)
    }

    /// Each sentence begins with the partition it is about, where there are several.
    public func check(limit: Int) async throws(JobsError) -> [String] {
        let isOne = partitions.count == 1
        return try await all { index, partition throws(JobsError) in
            try await partition.check(limit: limit).map { isOne ? $0 : "partition \(index): \($0)" }
        }
        .flatMap(\.self)
    }

    // MARK: The dead set

    public func dead(after cursor: DeadCursor?, limit: Int) async throws(JobsError) -> [DeadJob] {
        let limit = min(max(limit, 1), RedisJobQueue.batchLimit)
        guard partitions.count > 1 else {
            return try await all { _, partition throws(JobsError) in try await partition.dead(after: cursor, limit: limit) }[0]
        }
        let pages = try await all { _, partition throws(JobsError) in try await Self.page(of: partition, after: cursor, limit: limit) }
        return Array(pages.flatMap(\.self).sorted { $0.cursor < $1.cursor }.prefix(limit))
    }

    /// The first jobs of a partition beyond a cursor that may come from another one.
    private static func page(of partition: RedisJobQueue, after cursor: DeadCursor?, limit: Int) async throws(JobsError) -> [DeadJob] {
        guard let cursor else { return try await partition.dead(after: nil, limit: limit) }
        var found: [DeadJob] = []
        // All of the cursor's millisecond, since those that follow it there are not known by its id here.
        var place = DeadCursor(id: "", diedAt: cursor.diedAt - 1)
        while true {
            let page = try await partition.dead(after: place, limit: limit)
            found += page.filter { cursor < $0.cursor }
            guard found.count < limit, page.count == limit, let last = page.last else { return found }
            place = last.cursor
        }
    }

    /// One dead job with its payload, which is nil where it cannot be read. Of several tenants' jobs with this id, the first found.
    public func dead(id: String) async throws(JobsError) -> (job: DeadJob, payload: [UInt8]?)? {
        try await all { _, partition throws(JobsError) in try await partition.dead(id: id) }.compactMap(\.self).first
    }

    @discardableResult
    public func replay(_ ids: [String]) async throws(JobsError) -> Int {
        try await all { _, partition throws(JobsError) in try await partition.replay(ids) }.reduce(0, +)
    }

    @discardableResult
    public func drop(_ ids: [String]) async throws(JobsError) -> Int {
        try await all { _, partition throws(JobsError) in try await partition.drop(ids) }.reduce(0, +)
    }

    // MARK: Control

    /// Tried in all partitions: where several tenants have jobs with one id, all of them are cancelled.
    @discardableResult
    public func cancel(_ ids: [String]) async throws(JobsError) -> [CancelResult] {
        let answers = try await all { _, partition throws(JobsError) in try await partition.cancel(ids) }
        return ids.indices.map { index in
            let found = answers.map { $0[index] }
            return found.contains(.cancelled) ? .cancelled : found.contains(.dead) ? .dead : .notFound
        }
    }

    @discardableResult
    public func pause(_ scope: PauseScope) async throws(JobsError) -> Bool {
        try await change(scope) { partition throws(JobsError) in try await partition.pause(scope) }
    }

    @discardableResult
    public func resume(_ scope: PauseScope) async throws(JobsError) -> Bool {
        try await change(scope) { partition throws(JobsError) in try await partition.resume(scope) }
    }

    /// A tenant is paused where its jobs are, anything else everywhere.
    private func change(
        _ scope: PauseScope, _ body: @escaping @Sendable (RedisJobQueue) async throws(JobsError) -> Bool
    ) async throws(JobsError) -> Bool {
        try scope.validate()
        var place: Int?
        if case .tenant(let tenant) = scope { place = TenantPartition.of(tenant, among: partitions.count) }
        return try await all { [place] index, partition throws(JobsError) in
            if let place, place != index { return false }
            return try await body(partition)
        }
        .contains(true)
    }

    /// Limits of the whole queue (length, bytes, in flight, rate, burst) are divided among the partitions, each of which keeps to its
    /// part whatever the others do; those of tenants hold where the tenant's jobs are.
    /// - Throws: `.invalidJob` also for a limit of the whole queue that is below the number of partitions.
    public func limit(_ limit: QueueLimit, to value: Int?) async throws(JobsError) {
        try limit.validate(value)
        let count = partitions.count
        switch limit {
        case .weight(let tenant):
            let place = TenantPartition.of(tenant, among: count)
            _ = try await all { index, partition throws(JobsError) in
                if index == place { try await partition.limit(limit, to: value) }
            }
        case .inFlightPerTenant: _ = try await all { _, partition throws(JobsError) in try await partition.limit(limit, to: value) }
        case .length, .bytes, .inFlight, .rate, .burst:
            guard value.map({ $0 >= count }) ?? true else {
                throw JobsError(.invalidJob, "this limit is divided among the \(count) partitions of the queue, so it is at least \(count)")
            }
            _ = try await all { index, partition throws(JobsError) in
                try await partition.limit(limit, to: value.map { $0 / count + (index < $0 % count ? 1 : 0) })
            }
        }
    }
}

extension DeadCursor {
    /// In the order of the dead set: by time, then by the bytes of the id.
    fileprivate static func < (left: Self, right: Self) -> Bool {
        left.diedAt != right.diedAt ? left.diedAt < right.diedAt : left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
}
