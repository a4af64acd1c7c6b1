import Jobs
import Logging
import Platform
import Redis
import Synchronization
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct JobWorkerTests {
    @Test func everyJobRunsOnceAndNothingRemains() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<String>()
            try await queue.enqueue((0..<3000).map { try JobRequest(Note(text: "\($0)"), tenant: "t\($0 % 3)") })
            try await withWorker(queue) { note, _ in
                ran.add(note.text)
                return .done
            } _: { worker, _ in
                await ran.wait(for: 3000)
                try await expectEventually { try await queue.isEmpty }
                #expect(worker.isReady)
            }
            #expect(Set(ran.events).count == 3000)
            #expect(ran.events.count == 3000)
            #expect(try await queue.check() == [])
        }
    }

    @Test("a worker serves a queue in memory as it does one in Redis")
    func memory() async throws {
        let queue = MemoryJobQueue(name: "memory")
        let ran = Record<String>()
        var registry = JobRegistry()
        registry.register(Note.self) { note, context in
            ran.add(note.text)
            return note.text == "1" && context.attempt == 1 ? .retry(after: .milliseconds(5), reason: "again") : .done
        }
        let worker = JobWorker(
            queue: queue, options: QueueOptions(queue.name, concurrency: 4), registry: registry,
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try await expectEventually { worker.isReady }
            try await queue.enqueue((0..<500).map { try JobRequest(Note(text: "\($0)")) })
            await ran.wait(for: 501)
            try await expectEventually { try await queue.snapshot().inFlight == 0 }
            group.cancelAll()
        }
        #expect(Set(ran.events).count == 500)
        #expect(try await queue.check() == [])
    }

    @Test func aJobEnqueuedWhileTheWorkerIsIdleStartsSoon() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<Void>()
            try await withWorker(queue) { _, _ in
                ran.add(())
                return .done
            } _: { worker, _ in
                try await expectEventually { worker.isReady }
                for count in 1...20 {
                    _ = try await queue.notes("n\(count)")
                    let start = ContinuousClock.now
                    await ran.wait(for: count)
                    #expect(start.duration(to: .now) < .seconds(2).stretched, "far below the listener's own timeout")
                }
            }
        }
    }

    @Test func concurrencyIsBounded() async throws {
        try await RedisJobQueue.with { queue in
            let current = Mutex((now: 0, most: 0))
            let (started, ran, gate) = (Record<Void>(), Record<Void>(), Gate())
            try await queue.enqueue((0..<200).map { _ in try JobRequest(Note()) })
            try await withWorker(queue, concurrency: 7) { _, _ in
                current.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                started.add(())
                await gate.pass()
                try await Task.sleep(for: .milliseconds(2))
                current.withLock { $0.now -= 1 }
                ran.add(())
                return .done
            } _: { _, _ in
                await started.wait(for: 7)
                gate.open()
                await ran.wait(for: 200)
            }
            #expect(current.withLock { $0.most } == 7)
        }
    }

    @Test func slowJobsAreNotClaimedAhead() async throws {
        try await RedisJobQueue.with { queue in
            let (started, gate) = (Record<Void>(), Gate())
            try await queue.enqueue((0..<10).map { _ in try JobRequest(Note()) })
            try await withWorker(queue, concurrency: 3) { _, _ in
                started.add(())
                await gate.pass()
                return .done
            } _: { _, _ in
                await started.wait(for: 3)
                let snapshot = try await queue.snapshot()
                #expect(snapshot.inFlight == 3)
                #expect(snapshot.ready == 7)
                gate.open()
                await started.wait(for: 10)
            }
        }
    }

    @Test func aThrowingHandlerIsRetriedThenBuried() async throws {
        struct Broken: Error {}
        try await RedisJobQueue.with { queue in
            let seen = Record<(attempt: Int, isLast: Bool, epoch: Int64, previous: Int64?)>()
            _ = try await queue.notes("a")
            try await withWorker(queue) { _, context in
                seen.add((context.attempt, context.isLast, context.epoch, context.previousEpoch))
                throw Broken()
            } _: { _, _ in
                try await expectEventually { try await queue.dead().count == 1 }
            }
            let runs = seen.events
            #expect(runs.map(\.attempt) == [1, 2, 3])
            #expect(runs.map(\.isLast) == [false, false, true])
            #expect(runs.map(\.previous) == [nil, runs[0].epoch, runs[1].epoch])
            #expect(try await queue.dead().first?.reason.contains("3 tries") == true)
            #expect(try await queue.check() == [])
        }
    }

    @Test func retryGiveUpAndLaterDoWhatTheySay() async throws {
        try await RedisJobQueue.with { queue in
            let attempts = Record<(String, Int)>()
            try await queue.enqueue(["retry", "giveup", "later"].map { try JobRequest(Note(text: $0), id: $0) })
            try await withWorker(queue) { note, context in
                attempts.add((note.text, context.attempt))
                if attempts.events.filter({ $0.0 == note.text }).count > 1 { return .done }
                switch note.text {
                case "retry": return .retry(after: .milliseconds(1), reason: "busy")
                case "giveup": return .giveUp(reason: "no use")
                default: return .later(after: .milliseconds(1), reason: "server away")
                }
            } _: { _, _ in
                await attempts.wait(for: 5)
                try await expectEventually { try await queue.isEmpty }
            }
            #expect(attempts.events.filter { $0.0 == "retry" }.map(\.1) == [1, 2])
            #expect(attempts.events.filter { $0.0 == "later" }.map(\.1) == [1, 1])
            #expect(try await queue.dead().map(\.id) == ["giveup"])
            #expect(try await queue.dead().first?.reason == "no use")
        }
    }

    @Test("H94 bad payloads, envelopes and entries go to the dead set with a reason, and the worker lives")
    func hostileJobs() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<Void>()
            let payload = try JobEnvelope.encode(schemaVersion: 2, payload: Array("{".utf8))
            try await queue.enqueue([
                JobRequest(type: "note", body: payload, id: "payload", queue: "q"),
                JobRequest(type: "note", body: Array(payload.dropLast(1)), id: "truncated", queue: "q"),
                JobRequest(type: "note", body: [0xFF], id: "garbage", queue: "q"),
            ])
            for text in ["not an entry", "1|2|3"] {
                _ = try await queue.client.send(RedisCommand("RPUSH", RedisArgument(queue.keys.ready(lane: "0:")), RedisArgument(text)))
            }
            _ = try await queue.notes("good")
            try await withWorker(queue) { _, _ in
                ran.add(())
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                try await expectEventually { try await queue.dead().count == 5 }
                try await expectEventually { try await queue.isEmpty }
            }
            let reasons = Dictionary(uniqueKeysWithValues: try await queue.dead().map { ($0.id, $0.reason) })
            #expect(reasons["payload"]?.contains("decode") == true)
            #expect(reasons["truncated"]?.hasPrefix("malformed") == true)
            #expect(reasons["garbage"]?.hasPrefix("malformed") == true)
            #expect(reasons.keys.filter { $0.hasPrefix("malformed-") }.count == 2)
            #expect(ran.events.count == 1)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H94 unknown types and newer versions are parked until a worker knows them")
    func unknownTypes() async throws {
        struct Tomorrow: JobContract {
            static var type: String { "of-tomorrow" }
            static var schemaVersion: Int { 7 }
            static var queue: String { "notes" }
            static var policy: RetryPolicy { .standard }
        }
        try await RedisJobQueue.with { queue in
            let newer = try JobEnvelope.encode(schemaVersion: 3, payload: Array("{\"text\":\"\"}".utf8))
            try await queue.enqueue([
                JobRequest(Tomorrow(), id: "1"), JobRequest(Tomorrow(), id: "2"),
                JobRequest(type: "note", body: newer, id: "newer", queue: "q"),
            ])
            try await withWorker(queue) { _, _ in
                .done
            } _: { _, _ in
                try await expectEventually { try await queue.snapshot().parked == 3 }
            }
            #expect(try await queue.reap(limit: 1, poisonAfter: 3).parked.sorted() == ["note#3", "of-tomorrow#7"])
            #expect(try await queue.check() == [])
            let ran = Record<String>()
            var registry = JobRegistry()
            registry.register(Tomorrow.self) { _, context in
                ran.add(context.id)
                return .done
            }
            try await withWorker(queue, concurrency: 1, registry: registry) { _, _ in
                await ran.wait(for: 2)
            }
            #expect(ran.events == ["1", "2"])
            #expect(try await queue.snapshot().parked == 1)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aRunThatTakesTooLongIsCancelledAndTriedAgain() async throws {
        try await RedisJobQueue.with { queue in
            let runs = Record<JobContext>()
            try await queue.enqueue([JobRequest(Note(), id: "a", timeout: .milliseconds(20))])
            try await withWorker(queue) { _, context in
                runs.add(context)
                try await Task.sleep(for: .seconds(60))
                return .done
            } _: { _, _ in
                try await expectEventually { try await queue.dead().count == 1 }
            }
            #expect(runs.events.map(\.attempt) == [1, 2, 3])
            #expect(runs.events.allSatisfy { $0.deadline != nil })
            #expect(try await queue.dead().first?.reason.contains("took longer") == true)
            #expect(try await queue.check() == [])
        }
    }

    @Test func whatAHandlerFinishesAfterItsTimeoutCounts() async throws {
        try await RedisJobQueue.with { queue in
            let runs = Record<Bool>()
            try await queue.enqueue([JobRequest(Note(), id: "a", timeout: .milliseconds(20))])
            try await withWorker(queue) { _, _ in
                try? await Task.sleep(for: .seconds(60))
                runs.add(Task.isCancelled)
                return .done
            } _: { _, _ in
                await runs.wait(for: 1)
                try await expectEventually { try await queue.isEmpty }
            }
            #expect(runs.events == [true])
            #expect(try await queue.dead().isEmpty)
        }
    }

    @Test func aJobWhoseLifetimeHasPassedDoesNotRun() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<String>()
            try await queue.enqueue([
                JobRequest(Note(), id: "late", delay: .milliseconds(30), lifetime: .milliseconds(10)),
                JobRequest(Note(), id: "fine", lifetime: .seconds(600)),
            ])
            try await withWorker(queue) { _, context in
                ran.add(context.id)
                #expect(context.deadline.map { $0 > .now } == true)
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                try await expectEventually { try await queue.dead().count == 1 }
            }
            #expect(ran.events == ["fine"])
            #expect(try await queue.dead().first?.reason.contains("lifetime") == true)
        }
    }

    @Test func theTraceOfTheProducerReachesTheHandler() async throws {
        try await RedisJobQueue.with { queue in
            let trace = try #require(TraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
            let ran = Record<TraceParent?>()
            try await queue.enqueue([JobRequest(Note(), id: "a", traceParent: trace), JobRequest(Note(), id: "b")])
            try await withWorker(queue, concurrency: 1) { _, context in
                ran.add(context.traceParent)
                return .done
            } _: { _, _ in
                await ran.wait(for: 2)
            }
            #expect(ran.events == [trace, nil])
        }
    }

    @Test func aCancelledHandlerEndsAndItsJobIsGone() async throws {
        try await RedisJobQueue.with { queue in
            let (started, cancelled) = (Record<Void>(), Record<Void>())
            _ = try await queue.notes("a")
            try await withWorker(queue, lease: .milliseconds(900).stretched) { _, _ in
                started.add(())
                try? await Task.sleep(for: .seconds(60))
                cancelled.add(())
                return .retry(after: nil, reason: "cancelled")
            } _: { _, _ in
                await started.wait(for: 1)
                #expect(try await queue.cancel(["a", "b"]) == [.cancelled, .notFound])
                await cancelled.wait(for: 1)
                try await expectEventually { try await queue.isEmpty }
            }
            #expect(started.events.count == 1)
            #expect(try await queue.dead().isEmpty)
            #expect(try await queue.notes("a") == [.enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aLargeJobRunsAndALostBodyIsReported() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<Int>()
            let text = String(repeating: "x", count: 50_000)
            try await queue.enqueue([JobRequest(Note(text: text), id: "lost"), JobRequest(Note(text: text), id: "whole")])
            _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.body(of: "lost"))))
            try await withWorker(queue) { note, _ in
                ran.add(note.text.count)
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                try await expectEventually { try await queue.dead().count == 1 }
            }
            #expect(ran.events == [50_000])
            #expect(try await queue.dead().first?.reason.contains("body is missing") == true)
        }
    }

    @Test("a job runs in its time that is further away than the longest wait of an idle worker")
    func aJobOfTheFarFutureRuns() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<String>()
            try await withWorker(queue, longestWait: .milliseconds(200)) { note, _ in
                ran.add(note.text)
                return .done
            } _: { worker, _ in
                try await expectEventually { worker.isReady }
                try await queue.enqueue([JobRequest(Note(text: "far"), delay: .milliseconds(900))])
                try await expectEventually(.seconds(5)) { ran.events == ["far"] }
            }
        }
    }

    @Test func delayedJobsRunInTheirTime() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<(String, ContinuousClock.Instant)>()
            try await withWorker(queue) { note, _ in
                ran.add((note.text, .now))
                return .done
            } _: { worker, _ in
                try await expectEventually { worker.isReady }
                let start = ContinuousClock.now
                try await queue.enqueue([
                    JobRequest(Note(text: "late"), delay: .milliseconds(400)), JobRequest(Note(text: "early"), delay: .milliseconds(100)),
                ])
                let events = await ran.wait(for: 2)
                // Both may be claimed at once when this is late, and then run beside each other.
                let times = Dictionary(uniqueKeysWithValues: events.map { ($0.0, start.duration(to: $0.1)) })
                let (early, late) = (try #require(times["early"]), try #require(times["late"]))
                #expect(early >= .milliseconds(95) && late >= .milliseconds(395))
                #expect(early < .seconds(5).stretched && late < .seconds(5).stretched)
            }
        }
    }
}
