import Platform
import Testing

@Suite("Work in a task of its own")
struct OwnTaskTests {
    private struct Ticket: ~Copyable {
        let number: Int
    }

    @Test("gets the value, in another task, and is waited for")
    func runs() async throws {
        let outer = withUnsafeCurrentTask { $0.hashValue }
        let seen = Recorder()
        try await OwnTask.run(handing: Ticket(number: 7)) { (ticket: consuming Ticket) in
            await Task.yield()
            await seen.note(ticket.number, withUnsafeCurrentTask { $0.hashValue })
        }
        let (number, inner) = await (seen.number, seen.task)
        #expect(number == 7)
        #expect(inner != nil && inner != outer)
    }

    @Test("its error is the caller's, and so is the caller's cancellation its own")
    func fails() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await OwnTask.run(handing: 1) { _ in throw Failure() } }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await OwnTask.run(handing: 1) { _ in try Task.checkCancellation() }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    private actor Recorder {
        var number: Int?
        var task: Int?

        func note(_ number: Int, _ task: Int?) {
            self.number = number
            self.task = task
        }
    }
}
