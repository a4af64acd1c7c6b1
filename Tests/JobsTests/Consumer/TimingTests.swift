import Glibc
import Jobs
import Redis
import RedisSupport
import ServiceLifecycle
import TestSupport
import Testing

/// Tests that measure time, one after the other, since one of them holds up all the others in the process.
@Suite(.requires(.redis), .timeLimit(.minutes(2 * Patience.factor)), .serialized) struct TimingTests {
    @Test func atTheDeadlineJobsAreHandedBackAtOnce() async throws {
        try await RedisJobQueue.with { queue in
            let (started, ended, gate) = (Record<JobContext>(), Record<(Bool, Bool)>(), Gate())
            _ = try await queue.notes("a", "b", "c")
            try await withWorker(queue, concurrency: 2, drain: .milliseconds(300)) { _, context in
                started.add(context)
                await gate.pass()
                // Ends when the handler is cancelled, which follows the hand-back.
                try? await Task.sleep(for: .seconds(60))
                ended.add((context.isCurrent(), Task.isCancelled))
                return .done
            } _: { _, group in
                await started.wait(for: 2)
                // Before the signal, from which the drain counts.
                let start = ContinuousClock.now
                await group.triggerGracefulShutdown()
                try await expectEventually { try await queue.snapshot().inFlight == 0 }
                let elapsed = start.duration(to: .now)
                // A few milliseconds after the deadline on a quiet machine; their leases would run for 15 s.
                #expect(elapsed >= .milliseconds(290) && elapsed < .seconds(4).stretched)
                // The handlers go on, but not with the jobs.
                gate.open()
                await ended.wait(for: 2)
            }
            #expect(ended.events.allSatisfy { !$0.0 && $0.1 })
            let again = try await queue.claim(3)
            #expect(again.ids == ["a", "b", "c"])
            #expect(again.allSatisfy { $0.entry.crashes == 0 && $0.entry.attempts == 0 })
            #expect(Set(again.prefix(2).map(\.entry.previousEpoch)) == Set(started.events.map(\.epoch)))
            #expect(try await queue.check() == [])
        }
    }

    @Test func jobsOfAFrozenConsumerRunElsewhere() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<JobContext>()
            _ = try await queue.notes("a", "b")
            // A consumer that claims and is never heard of again.
            let frozen = try await queue.cycle([], want: 2, direct: 2, lease: .milliseconds(900))
            #expect(frozen.entries.count == 2)
            let start = ContinuousClock.now
            try await withWorker(queue, lease: .milliseconds(900).stretched) { _, context in
                ran.add(context)
                return .done
            } _: { _, _ in
                await ran.wait(for: 2)
            }
            #expect(start.duration(to: .now) < .milliseconds(900) + .seconds(2).stretched)
            #expect(
                ran.events.allSatisfy { $0.crashes == 1 && $0.attempt == 1 && $0.previousEpoch == frozen.epoch && $0.epoch > frozen.epoch })
            #expect(try await queue.check() == [])
        }
    }

    @Test func aHandlerThatBlocksItsThreadKeepsItsLease() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<(Bool, Int)>()
            let count = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            try await queue.enqueue((0..<count).map { _ in try JobRequest(Note()) })
            try await withWorker(queue, concurrency: count, lease: .milliseconds(450).stretched) { _, context in
                // Every thread of the cooperative pool: nothing but the heartbeat's own can renew the leases.
                usleep(1_000_000 * UInt32(Patience.factor))
                ran.add((context.isCurrent(), context.crashes))
                return .done
            } _: { _, _ in
                await ran.wait(for: count)
            }
            #expect(ran.events.allSatisfy { $0.0 && $0.1 == 0 })
            #expect(ran.events.count == count)
        }
    }

    @Test("an idle worker polls nothing")
    func idle() async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "idle")
            let ran = Record<Void>()
            @Sendable func commands() async throws -> Int {
                let info = try await client.send(RedisCommand("INFO", "stats")).string ?? ""
                let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_commands_processed:") }
                return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? -1
            }
            _ = try await queue.notes("a")
            try await withWorker(queue) { _, _ in
                ran.add(())
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                try await expectEventually { try await queue.isEmpty }
                // The gauges follow once within five seconds of the last job, and leases are looked for now and then; either spoils
                // one window. A worker that polls leaves none quiet.
                try await Task.sleep(for: .seconds(6))
                var isQuiet = false
                for _ in 0..<4 where !isQuiet {
                    let before = try await commands()
                    try await Task.sleep(for: .seconds(8))
                    isQuiet = Double(try await commands() - before - 1) / 8 <= 0.5
                }
                #expect(isQuiet)
            }
        }
    }
}
