import Jobs
import Redis
import RedisSupport
import ServiceLifecycle
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct ShutdownTests {
    @Test func whatRunsMayFinishAndTheRestGoesBack() async throws {
        try await RedisJobQueue.with { queue in
            let (started, finished, gate) = (Record<Void>(), Record<Bool>(), Gate())
            try await queue.enqueue((0..<10).map { _ in try JobRequest(Note()) })
            try await withWorker(queue, concurrency: 2) { _, context in
                started.add(())
                await gate.pass()
                finished.add(context.isCurrent() && !Task.isCancelled)
                return .done
            } _: { _, group in
                await started.wait(for: 2)
                await group.triggerGracefulShutdown()
                gate.open()
            }
            #expect(finished.events == [true, true])
            let snapshot = try await queue.snapshot()
            #expect(snapshot.ready == 8)
            #expect(snapshot.inFlight == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aCancelledWorkerHandsBackAtOnce() async throws {
        try await RedisJobQueue.with { queue in
            let started = Record<Void>()
            _ = try await queue.notes("a")
            await #expect(throws: CancellationError.self) {
                try await withWorker(queue) { _, _ in
                    started.add(())
                    try await Task.sleep(for: .seconds(100))
                    return .done
                } _: { _, _ in
                    await started.wait(for: 1)
                    throw CancellationError()
                }
            }
            #expect(try await queue.claim(1).ids == ["a"])
        }
    }

    @Test("the drain's deadline counts from the signal, also while Redis does not answer")
    func deadlineDuringOutage() async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "frozen")
            let (started, cancelled, gate) = (Record<String>(), Record<Void>(), Gate())
            _ = try await queue.notes("done", "running")
            try await withWorker(queue, concurrency: 2, drain: .seconds(3)) { _, context in
                started.add(context.id)
                guard context.id == "running" else {
                    await gate.pass()
                    return .done
                }
                try? await Task.sleep(for: .seconds(60))
                cancelled.add(())
                return .done
            } _: { _, group in
                await started.wait(for: 2)
                server.suspend()
                gate.open()
                // Until the worker waits for the answer to its acknowledgement.
                try await Task.sleep(for: .milliseconds(300))
                let signalled = ContinuousClock.now
                await group.triggerGracefulShutdown()
                try await Task.sleep(for: .seconds(3.5))
                server.resume()
                await cancelled.wait(for: 1)
                #expect(signalled.duration(to: .now) < Duration.seconds(5.5).stretched)
            }
            #expect(try await queue.claim(5).ids == ["running"])
            #expect(try await queue.check() == [])
        }
    }

    @Test("what runs is handed back although what was done cannot be acknowledged")
    func handBackWithoutAcknowledgement() async throws {
        try await RedisJobQueue.with { queue in
            let (started, gate) = (Record<String>(), Gate())
            _ = try await queue.notes("done", "running")
            try await withWorker(queue, drain: .milliseconds(100)) { _, context in
                started.add(context.id)
                if context.id == "running" { try? await Task.sleep(for: .seconds(60)) } else { await gate.pass() }
                return .done
            } _: { _, group in
                await started.wait(for: 2)
                // Of no type that a cycle can read.
                _ = try await queue.client.send(RedisCommand("SET", RedisArgument(queue.keys.delayed), "x"))
                gate.open()
                await group.triggerGracefulShutdown()
            }
            _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.delayed)))
            let again = try await queue.claim(5)
            #expect(again.ids == ["running"])
            #expect(again.first?.entry.crashes == 0)
        }
    }
}
