import Redis

/// What one cycle brought.
package struct CycleReply: Sendable {
    /// Server time, ms.
    package let now: Int64
    package let epoch: Int64
    /// Until the next delayed job is due. Only known when fewer jobs than asked for were there.
    package let untilDue: Duration?
    /// Positions among the acknowledgements whose lease was no longer held.
    package let lost: [Int]
    package let entries: [[UInt8]]
}

/// A job that was done: its lease member and what else has to go.
package struct Acknowledgement: Sendable {
    package let member: [UInt8]
    package let id: String
    package let isApart: Bool

    package init(member: [UInt8], id: String, isApart: Bool) {
        self.member = member
        self.id = id
        self.isApart = isApart
    }
}

/// A job that was not done.
package struct Failure: Sendable {
    package enum Verb: String, Sendable { case retry, later, dead }

    package let member: [UInt8]
    package let verb: Verb
    package let delay: Duration
    package let reason: String

    package init(member: [UInt8], verb: Verb, delay: Duration, reason: String) {
        self.member = member
        self.verb = verb
        self.delay = delay
        self.reason = reason
    }

    /// Reasons are for people; what is longer is cut.
    static let maximumReason = 500
}

package struct ReapReply: Sendable {
    package let returned: Int
    package let poisoned: Int
    package let untilNext: Duration?
    package let readyLanes: Int
}

/// The transitions that a consumer makes. Each is one round trip.
extension RedisJobQueue {
    package func cycle(_ acknowledgements: [Acknowledgement], want: Int, lease: Duration) async throws(JobsError) -> CycleReply {
        var arguments: [RedisArgument] = [RedisArgument(want), RedisArgument(lease.milliseconds), RedisArgument(acknowledgements.count)]
        arguments.reserveCapacity(3 + 2 * acknowledgements.count)
        for acknowledgement in acknowledgements { arguments.append(RedisArgument(acknowledgement.member)) }
        for acknowledgement in acknowledgements { arguments.append(RedisArgument(acknowledgement.id)) }
        for acknowledgement in acknowledgements where acknowledgement.isApart { arguments.append(RedisArgument(acknowledgement.id)) }
        guard case .array(let values) = try await run(QueueScripts.cycle, arguments), values.count == 5, let now = values[0].int,
            let epoch = values[1].int, let due = values[2].int, let lost = values[3].array, let jobs = values[4].array
        else { throw unexpected(QueueScripts.cycle) }
        var entries: [[UInt8]] = []
        entries.reserveCapacity(jobs.count)
        for job in jobs {
            guard case .bytes(let bytes) = job else { throw unexpected(QueueScripts.cycle) }
            entries.append(bytes)
        }
        return CycleReply(
            now: now, epoch: epoch, untilDue: due < 0 ? nil : .milliseconds(due), lost: lost.compactMap { $0.int.map { Int($0) - 1 } },
            entries: entries)
    }

    /// - Returns: positions of the failures whose lease was no longer held; those jobs were left alone.
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

    /// - Returns: positions of the leases that are lost.
    package func beat(_ members: [[UInt8]], lease: Duration) async throws(JobsError) -> [Int] {
        let arguments = [RedisArgument(lease.milliseconds)] + members.map { RedisArgument($0) }
        return try await integers(QueueScripts.beat, arguments).map { $0 - 1 }
    }

    package func reap(limit: Int, poisonAfter crashes: Int) async throws(JobsError) -> ReapReply {
        let values = try await integers(QueueScripts.reap, [RedisArgument(min(limit, Self.batchLimit)), RedisArgument(crashes)])
        guard values.count == 4 else { throw unexpected(QueueScripts.reap) }
        return ReapReply(
            returned: values[0], poisoned: values[1], untilNext: values[2] < 0 ? nil : .milliseconds(values[2]), readyLanes: values[3])
    }

    /// - Returns: how many of the leases were still held.
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

    /// The envelope of a job that keeps it apart.
    package func body(of id: String) async throws(JobsError) -> [UInt8]? {
        do {
            return try await client.send(RedisCommand("GET", RedisArgument(keys.body(of: id)))).bytes
        } catch {
            throw JobsError(.unavailable, "reading a body of queue \(name): \(error)", underlying: error)
        }
    }
}
