import Dispatch
import Platform
import Testing

struct BlockingPoolTests {
    private struct Failure: Error {}

    @Test("Work runs on the pool's named threads and its value or error comes back") func run() async throws {
        let pool = BlockingPool(name: "disk", size: 2)
        let name = try await pool.run { currentThreadName() }
        #expect(name == "disk-0" || name == "disk-1")
        await #expect(throws: Failure.self) { try await pool.run { throw Failure() } }
        await pool.shutDown()
    }

    @Test("As many pieces run at once as there are threads, and no more") func size() async throws {
        let pool = BlockingPool(name: "size", size: 3)
        let running = Tally()
        let release = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await pool.run {
                        running.add(1)
                        release.wait()
                    }
                }
            }
            try await until { pool.load == 6 && running.count == 3 }
            for _ in 0..<6 { release.signal() }
            try await group.waitForAll()
        }
        #expect(running.count == 6)
        try await until { pool.load == 0 }
        await pool.shutDown()
    }

    @Test("Work that was cancelled before it started never runs") func cancellation() async throws {
        let pool = BlockingPool(name: "cancel", size: 1)
        let release = DispatchSemaphore(value: 0)
        let runs = Tally()
        let first = Task { try await pool.run { release.wait() } }
        try await until { pool.load == 1 }
        let second = Task { try await pool.run { _ = runs.add(1) } }
        try await until { pool.load == 2 }
        second.cancel()
        release.signal()
        try await first.value
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(runs.count == 0)
        await pool.shutDown()
    }

    @Test("Work that runs is waited for, even when its caller is cancelled") func runningWork() async throws {
        let pool = BlockingPool(name: "running", size: 1)
        let (started, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let work = Task {
            try await pool.run {
                started.signal()
                release.wait()
                return 42
            }
        }
        try await until { started.wait(timeout: .now()) == .success }
        work.cancel()
        release.signal()
        #expect(try await work.value == 42)
        await pool.shutDown()
    }

    @Test("A pool that is shut down refuses work, and its threads are gone") func shutDown() async throws {
        let pool = BlockingPool(name: "gone", size: 2)
        await pool.shutDown()
        await #expect(throws: BlockingPoolClosed.self) { try await pool.run {} }
        try await until { threadNames().isDisjoint(with: ["gone-0", "gone-1"]) }
        #expect(pool.load == 0)
    }
}
