import Platform
import Redis

extension RedisJobQueue {
    /// In batches of up to 256 per round trip; each of them is added as a whole or not at all.
    @discardableResult
    public func enqueue(_ requests: [JobRequest]) async throws(JobsError) -> [EnqueueResult] {
        var results: [EnqueueResult] = []
        results.reserveCapacity(requests.count)
        var rest = requests[...]
        while !rest.isEmpty {
            var size = 0
            let batch = rest.prefix { request in
                size += request.body.count
                return size <= Self.batchBytes
            }.prefix(Self.batchLimit)
            results += try await enqueue(batch: batch)
            rest = rest.dropFirst(batch.count)
        }
        return results
    }

    /// Bodies per script call, so that a batch of large jobs does not hold up the server.
    private static let batchBytes = 2 << 20

    private func enqueue(batch: ArraySlice<JobRequest>) async throws(JobsError) -> [EnqueueResult] {
        guard let refused = try await run(QueueScripts.enqueue, Self.arguments(batch)).array, refused.count.isMultiple(of: 3) else {
            throw unexpected(QueueScripts.enqueue)
        }
        if refused.first?.string == "full", let limit = refused[1].string, let value = refused[2].string {
            throw JobsError(
                .full, "queue \(name) has reached its limit of \(limit), \(value): add workers, or sluice queue limit \(name) --\(limit) …")
        }
        var results = [EnqueueResult](repeating: .enqueued, count: batch.count)
        for position in stride(from: 0, to: refused.count, by: 3) {
            guard let index = refused[position].exact, (1...Int64(batch.count)).contains(index), let why = refused[position + 1].exact,
                let holder = refused[position + 2].string
            else { throw unexpected(QueueScripts.enqueue) }
            results[Int(index) - 1] =
                switch why {
                case 0: .duplicate(.live)
                case 1: .duplicate(.dead)
                default: .uniqueKeyHeld(by: holder)
                }
        }
        return results
    }

    private static func arguments(_ batch: ArraySlice<JobRequest>) -> [RedisArgument] {
        var arguments: [RedisArgument] = [RedisArgument(batch.count)]
        arguments.reserveCapacity(2 * batch.count + 8)
        for request in batch { arguments.append(RedisArgument(request.id)) }
        var groups: [(lane: String, delay: Int64, count: Int)] = []
        var keys: [RedisArgument] = []
        var apart: [RedisArgument] = []
        for (index, request) in batch.enumerated() {
            let lane = request.lane
            let delay = request.delay.milliseconds
            if let last = groups.last, last.delay == delay, last.lane == lane {
                groups[groups.count - 1].count += 1
            } else {
                groups.append((lane, delay, 1))
            }
            let isApart = request.body.count > JobEntry.inlineLimit
            let tail = JobEntry.tail(
                lane: lane, id: request.id, type: request.type, uniqueKey: request.uniqueKey,
                body: isApart ? [JobEntry.apart] : request.body)
            arguments.append(RedisArgument(tail))
            if !request.uniqueKey.isEmpty { keys += [RedisArgument(index + 1), "u", RedisArgument(request.uniqueKey)] }
            if isApart { apart += [RedisArgument(index + 1), "x", RedisArgument(request.body)] }
        }
        arguments.append(RedisArgument(groups.count))
        for group in groups { arguments += [RedisArgument(group.lane), RedisArgument(group.delay), RedisArgument(group.count)] }
        return arguments + keys + apart
    }
}
