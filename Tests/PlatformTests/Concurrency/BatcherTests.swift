import Logging
import Platform
import ServiceLifecycle
import Synchronization
import Testing

struct BatcherTests {
    /// Records batches and lets each proceed only when its gate opens.
    private final class Recorder: Sendable {
        let batches = Mutex<[[Int]]>([])
        let gate = Gate()

        var sizes: [Int] { batches.withLock { $0.map(\.count) } }

        func process(_ items: [Int]) async -> [Result<Int, any Error>] {
            batches.withLock { $0.append(items) }
            await gate.pass()
            return items.map { .success($0 * 10) }
        }
    }

    private struct Refused: Error {}

    @Test("An idle batcher takes an item at once, alone") func idle() async throws {
        let recorder = Recorder()
        recorder.gate.open()
        let batcher = Batcher(maximumItems: 8, maximumInFlight: 1, process: recorder.process)
        try await withRunning(batcher) { () async throws in
            #expect(try await batcher.submit(1) == 10)
            #expect(try await batcher.submit(2) == 20)
        }
        #expect(recorder.batches.withLock { $0 } == [[1], [2]])
    }

    @Test("Items that wait form batches up to the maximum, in order") func grouping() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 4, maximumInFlight: 1, process: recorder.process)
        try await withRunning(batcher) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { () async throws in #expect(try await batcher.submit(0) == 0) }
                try await until { recorder.sizes == [1] }
                for item in 1...9 {
                    group.addTask { () async throws in #expect(try await batcher.submit(item) == item * 10) }
                    try await until { batcher.backlog == item }
                }
                recorder.gate.open()
                try await group.waitForAll()
            }
        }
        #expect(recorder.batches.withLock { $0 } == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]])
    }

    @Test("Lanes take turns: who submits many holds up nobody who submits one, and each lane keeps its order") func lanes() async throws {
        let recorder = Recorder()
        let batcher = Batcher(
            maximumItems: 4, maximumInFlight: 1, lane: { UserID(rawValue: Int64($0 / 100)) }, process: recorder.process)
        try await withRunning(batcher) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let items = [0] + Array(100...106) + [200, 300, 301]
                for (index, item) in items.enumerated() {
                    group.addTask { _ = try await batcher.submit(item) }
                    try await until { recorder.sizes == [1] && batcher.backlog == index }
                }
                recorder.gate.open()
                try await group.waitForAll()
            }
        }
        #expect(recorder.batches.withLock { $0 } == [[0], [100, 200, 300, 101], [301, 102, 103, 104], [105, 106]])
    }

    @Test("An item that does not fit any more begins the next batch") func weights() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 4, maximumInFlight: 1, weight: { $0 }, process: recorder.process)
        try await withRunning(batcher) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, item) in [1, 3, 2, 9, 1].enumerated() {
                    group.addTask { _ = try await batcher.submit(item) }
                    try await until { recorder.sizes == [1] && batcher.backlog == index }
                }
                recorder.gate.open()
                try await group.waitForAll()
            }
        }
        #expect(recorder.batches.withLock { $0 } == [[1], [3], [2], [9], [1]])
    }

    @Test("No more batches than allowed are in flight") func inFlight() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 1, maximumInFlight: 2, process: recorder.process)
        try await withRunning(batcher) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in 0..<5 { group.addTask { _ = try await batcher.submit(item) } }
                try await until { batcher.backlog == 3 && recorder.sizes.count == 2 }
                recorder.gate.open()
                try await group.waitForAll()
            }
        }
        #expect(recorder.sizes == [1, 1, 1, 1, 1])
    }

    @Test("Each item gets its own result or error") func individualErrors() async throws {
        let batcher = Batcher<Int, Int>(maximumItems: 8, maximumInFlight: 1) { items in
            items.map { $0.isMultiple(of: 2) ? .success($0) : .failure(Refused()) }
        }
        try await withRunning(batcher) { () async throws in
            #expect(try await batcher.submit(2) == 2)
            await #expect(throws: Refused.self) { try await batcher.submit(3) }
        }
    }

    @Test("Graceful shutdown finishes what was submitted and refuses the rest") func shutdown() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 2, maximumInFlight: 1, process: recorder.process)
        let group = ServiceGroup(services: [batcher], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { recorder.gate.open() }
            tasks.addTask { try await group.run() }
            tasks.addTask { () async throws in #expect(try await batcher.submit(0) == 0) }
            try await until { recorder.sizes == [1] }
            for item in 1..<5 { tasks.addTask { () async throws in #expect(try await batcher.submit(item) == item * 10) } }
            try await until { batcher.backlog == 4 }
            await group.triggerGracefulShutdown()
            try await until { batcher.isClosed }
            await #expect(throws: BatcherClosed.self) { try await batcher.submit(9) }
            recorder.gate.open()
            try await tasks.waitForAll()
        }
        #expect(recorder.sizes == [1, 2, 2])
    }

    @Test("A cancelled run still answers everybody who waits") func cancelledRun() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 1, maximumInFlight: 1, process: recorder.process)
        await withTaskGroup(of: Void.self) { tasks in
            let run = Task { await batcher.run() }
            for item in 0..<4 { tasks.addTask { _ = try? await batcher.submit(item) } }
            try? await until { batcher.backlog == 3 }
            run.cancel()
            recorder.gate.open()
            await tasks.waitForAll()
            await run.value
        }
        await #expect(throws: BatcherClosed.self) { try await batcher.submit(9) }
        #expect(batcher.backlog == 0)
    }

    @Test("Cancelling a submitter does not withdraw its item") func cancelledSubmitter() async throws {
        let recorder = Recorder()
        let batcher = Batcher(maximumItems: 1, maximumInFlight: 1, process: recorder.process)
        try await withRunning(batcher) {
            let submitter = Task { try await batcher.submit(7) }
            try await until { recorder.sizes.count == 1 }
            submitter.cancel()
            recorder.gate.open()
            #expect(try await submitter.value == 70)
        }
    }

    @Test("Twenty tasks with a hundred items each get the right answers within the limits") func stress() async throws {
        let running = Tally()
        let excess = Tally()
        let batcher = Batcher<Int, Int>(maximumItems: 16, maximumInFlight: 3) { items in
            if running.add(1) > 3 || items.count > 16 { excess.add(1) }
            await Task.yield()
            running.add(-1)
            return items.map { .success(-$0) }
        }
        try await withRunning(batcher) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<20 {
                    group.addTask { () async throws in
                        for item in task * 100..<task * 100 + 100 { #expect(try await batcher.submit(item) == -item) }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(excess.count == 0)
    }

    private func withRunning(_ batcher: Batcher<Int, Int>, _ body: () async throws -> Void) async throws {
        let run = Task { await batcher.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        run.cancel()
        await run.value
        try result.get()
    }
}
