import Jobs
import Redis
import TestSupport
import Testing

/// Schedules as workers fire them.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct SchedulerTests {
    private static func everySecond(_ queue: String, _ overlap: ScheduledJob.Overlap = .allow) throws -> ScheduledJob {
        try ScheduledJob(
            name: "tick", schedule: .every(.seconds(1)), job: Note(), catchUp: .once, overlap: overlap, queue: queue)
    }

    @Test("two workers fire each tick once, and its job knows it")
    func ticks() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<(id: String, tick: Int64?)>()
            let job = try Self.everySecond(queue.name)
            try await withWorker(queue, schedules: [job, job]) { _, context in
                ran.add((context.id, context.tick))
                return .done
            } _: { _, _ in
                await ran.wait(for: 3)
            }
            let ticks = ran.events.compactMap(\.tick)
            #expect(ticks.count == ran.events.count)
            #expect(Set(ticks).count == ticks.count, "each once")
        }
    }

    @Test("another worker goes on where one has stopped")
    func failover() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<String>()
            let job = try Self.everySecond(queue.name)
            for round in 1...2 {
                try await withWorker(queue, schedules: [job]) { _, context in
                    ran.add(context.id)
                    return .done
                } _: { _, _ in
                    await ran.wait(for: 2 * round)
                }
            }
            #expect(Set(ran.events).count == ran.events.count)
        }
    }

    @Test("a schedule survives that Redis forgets it")
    func forgotten() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<String>()
            let job = try Self.everySecond(queue.name, .skip)
            try await withWorker(queue, schedules: [job]) { _, context in
                ran.add(context.id)
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.control)))
                await ran.wait(for: ran.events.count + 2)
                // Its bytes were counted there too.
                try await expectEventually { try await queue.isEmpty }
                _ = try await queue.client.send(RedisCommand("HDEL", RedisArgument(queue.keys.control), "bytes"))
            }
        }
    }

    @Test("a worker serves schedules of a queue in memory")
    func memory() async throws {
        let queue = MemoryJobQueue(name: "memory")
        let ran = Record<String>()
        var registry = JobRegistry()
        registry.register(Note.self) { _, context in
            ran.add(context.id)
            return .done
        }
        let job = try Self.everySecond("memory")
        let worker = JobWorker(
            queue: queue, options: QueueOptions("memory", concurrency: 2), registry: registry, schedules: [job, job], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            await ran.wait(for: 2)
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(Set(ran.events).count == ran.events.count)
    }

    @Test("a damaged state is taken for none")
    func damaged() async throws {
        try await RedisJobQueue.with { queue in
            let job = try Self.everySecond(queue.name)
            for state in ["", "garbage", "||||", "-1|x|every 1 s", String(repeating: "9", count: 400)] {
                _ = try await queue.client.send(
                    RedisCommand("HSET", RedisArgument(queue.keys.control), "schedule:tick", RedisArgument(state)))
                let reply = try await queue.tick(job, nil)
                guard case .fire(let plan) = job.step(seeing: reply.state, at: reply.now) else {
                    Issue.record("nothing is due for \(state)")
                    continue
                }
                #expect(plan.ticks.count == 1)
            }
        }
    }
}
