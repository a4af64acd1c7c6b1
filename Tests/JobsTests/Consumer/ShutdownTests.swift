import Jobs
import Redis
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
}
