import Platform
import Redis

/// The transitions that a consumer makes. Each is one round trip.
extension RedisJobQueue {
    package func cycle(
        _ acknowledgements: [Acknowledgement], want: Int, direct: Int, lease: Duration
    ) async throws(JobsError) -> CycleReply {
        var arguments: [RedisArgument] = [
            RedisArgument(want), RedisArgument(direct), RedisArgument(lease.milliseconds), RedisArgument(acknowledgements.count),
            RedisArgument(acknowledgements.reduce(0) { $0 + $1.size }),
        ]
        arguments.reserveCapacity(5 + 2 * acknowledgements.count)
        for acknowledgement in acknowledgements { arguments.append(RedisArgument(acknowledgement.member)) }
        for acknowledgement in acknowledgements { arguments.append(RedisArgument(acknowledgement.id)) }
        for (index, acknowledgement) in acknowledgements.enumerated() {
            if acknowledgement.isApart { arguments += [RedisArgument(index + 1), ""] }
            if !acknowledgement.uniqueKey.isEmpty { arguments += [RedisArgument(index + 1), RedisArgument(acknowledgement.uniqueKey)] }
        }
        guard case .array(let values) = try await run(QueueScripts.cycle, arguments), values.count == 5, let now = values[0].exact,
            let epoch = values[1].exact, let due = values[2].exact, let lost = values[3].array, let jobs = values[4].array
        else { throw unexpected(QueueScripts.cycle) }
        var entries: [[UInt8]] = []
        entries.reserveCapacity(jobs.count)
        for job in jobs {
            guard case .bytes(let bytes) = job else { throw unexpected(QueueScripts.cycle) }
            entries.append(bytes)
        }
        return CycleReply(
            now: now, epoch: epoch, untilDue: due < 0 ? nil : .milliseconds(due), lost: lost.compactMap(\.position), entries: entries)
    }

    package func fail(_ failures: [Failure]) async throws(JobsError) -> [Int] {
        var arguments: [RedisArgument] = []
        for failure in failures {
            arguments += [
                RedisArgument(failure.member), RedisArgument(failure.verb.rawValue), RedisArgument(failure.delay.milliseconds),
                RedisArgument(String(failure.reason.prefix(Failure.maximumReason))),
            ]
        }
        return try await integers(QueueScripts.fail, arguments).map { $0 - 1 }
    }

    package func beat(started: [[UInt8]], waiting: [[UInt8]], lease: Duration) async throws(JobsError) -> BeatReply {
        let arguments = [RedisArgument(lease.milliseconds), RedisArgument(started.count)] + (started + waiting).map { RedisArgument($0) }
        guard let values = try await run(QueueScripts.beat, arguments).array, values.count == 2, let lost = values[0].array,
            let cancelled = values[1].array
        else { throw unexpected(QueueScripts.beat) }
        return BeatReply(lost: lost.compactMap(\.position), cancelled: cancelled.compactMap(\.position))
    }

    package func reap(limit: Int, poisonAfter crashes: Int) async throws(JobsError) -> ReapReply {
        let arguments = [RedisArgument(min(limit, Self.batchLimit)), RedisArgument(crashes)]
        guard let values = try await run(QueueScripts.reap, arguments).array, values.count == 6, let parked = values[5].array else {
            throw unexpected(QueueScripts.reap)
        }
        let numbers = values[..<5].compactMap { $0.exact.map { Int($0) } }
        guard numbers.count == 5 else { throw unexpected(QueueScripts.reap) }
        return ReapReply(
            returned: numbers[0], crashed: numbers[1], poisoned: numbers[2],
            untilNext: numbers[3] < 0 ? nil : .milliseconds(numbers[3]), hasWork: numbers[4] > 0, parked: parked.compactMap(\.string))
    }

    package func unpark(kind: String, type: String) async throws(JobsError) {
        while try await count(QueueScripts.unpark, [RedisArgument(kind), RedisArgument(type), RedisArgument(Self.batchLimit)]) > 0 {}
    }

    @discardableResult
    package func release(_ members: [[UInt8]]) async throws(JobsError) -> Int {
        var released = 0
        // From the back, since each batch goes to the head of its lane.
        var rest = members[...]
        while !rest.isEmpty {
            released += try await count(QueueScripts.release, rest.suffix(Self.batchLimit).map { RedisArgument($0) })
            rest = rest.dropLast(Self.batchLimit)
        }
        return released
    }

    package func body(of id: String) async throws(JobsError) -> [UInt8]? {
        do {
            return try await client.send(RedisCommand("GET", RedisArgument(keys.body(of: id)))).bytes
        } catch {
            throw JobsError(error, doing: "reading a body of queue \(name)")
        }
    }
}
