import Jobs
import Testing

@Suite struct LeaseBatchTests {
    private func batch(sentAt: ContinuousClock.Instant, lease: Duration) async throws -> LeaseBatch {
        let queue = MemoryJobQueue(name: "leases")
        try await queue.enqueue([JobRequest(Note(), id: "a"), JobRequest(Note(), id: "b")])
        return LeaseBatch(reply: try await queue.cycle([], want: 2, direct: 2, lease: lease), sentAt: sentAt, lease: lease)
    }

    @Test func aJobIsStartedOnce() async throws {
        let batch = try await batch(sentAt: .now, lease: .seconds(600))
        #expect(batch.start(0))
        #expect(!batch.start(0))
        #expect(batch.start(1))
    }

    @Test("H94 what was claimed before a freeze is not started after it")
    func expired() async throws {
        let batch = try await batch(sentAt: .now - .seconds(601), lease: .seconds(600))
        #expect(!batch.start(0) && !batch.start(1))
    }

    @Test("H94 a job whose lease was lost while it waited is not started")
    func lost() async throws {
        let batch = try await batch(sentAt: .now, lease: .seconds(600))
        #expect(batch.lose(0))
        #expect(!batch.start(0))
        #expect(batch.start(1))
    }
}
