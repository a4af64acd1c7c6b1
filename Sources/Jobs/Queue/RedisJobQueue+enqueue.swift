import Redis

extension RedisJobQueue {
    /// Adds jobs, in batches of up to 500 per round trip. The requests' own queue names are not looked at.
    ///
    /// A job whose id exists is left alone, so repeating a call that failed is safe.
    /// - Returns: one result per request, in their order.
    /// - Throws: `.unavailable`; earlier batches of the same call may have been added.
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
        let known = try await integers(QueueScripts.enqueue, Self.arguments(batch))
        guard known.count.isMultiple(of: 2) else { throw unexpected(QueueScripts.enqueue) }
        var results = [EnqueueResult](repeating: .enqueued, count: batch.count)
        for position in stride(from: 0, to: known.count, by: 2) {
            guard (1...batch.count).contains(known[position]) else { throw unexpected(QueueScripts.enqueue) }
            results[known[position] - 1] = .duplicate(known[position + 1] == 1 ? .dead : .live)
        }
        return results
    }

    private static func arguments(_ batch: ArraySlice<JobRequest>) -> [RedisArgument] {
        var arguments: [RedisArgument] = [RedisArgument(batch.count)]
        arguments.reserveCapacity(2 * batch.count + 8)
        for request in batch { arguments.append(RedisArgument(request.id)) }
        var groups: [(lane: String, delay: Int64, count: Int)] = []
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
            arguments.append(RedisArgument(tail(lane: lane, id: request.id, body: isApart ? [JobEntry.apart] : request.body)))
            if isApart { apart += [RedisArgument(index + 1), RedisArgument(request.body)] }
        }
        arguments.append(RedisArgument(groups.count))
        for group in groups { arguments += [RedisArgument(group.lane), RedisArgument(group.delay), RedisArgument(group.count)] }
        return arguments + apart
    }

    private static func tail(lane: String, id: String, body: [UInt8]) -> [UInt8] {
        var tail: [UInt8] = []
        tail.reserveCapacity(lane.utf8.count + id.utf8.count + body.count + 2)
        tail.append(contentsOf: lane.utf8)
        tail.append(UInt8(ascii: "|"))
        tail.append(contentsOf: id.utf8)
        tail.append(UInt8(ascii: "|"))
        tail.append(contentsOf: body)
        return tail
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a small delay does not become none.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
