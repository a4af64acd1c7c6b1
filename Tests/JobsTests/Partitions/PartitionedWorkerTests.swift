import Jobs
import Redis
import Synchronization
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(1 * Patience.factor)), .serialized) struct PartitionedWorkerTests {
    /// Counts who is inside.
    private final class Crowd: Sendable {
        private let state = Mutex((now: 0, most: 0))

        func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
    }

    @Test("all partitions are served, each job once, never more handlers than slots", arguments: [1, 3, 8])
    func all(concurrency: Int) async throws {
        try await PartitionedJobQueue.with(4) { queue, client in
            let (ran, crowd) = (Record<String>(), Crowd())
            let requests = try (0..<1500).map { try JobRequest(Note(text: "\($0)"), id: "j\($0)", tenant: "t\($0 % 37)") }
            try await queue.enqueue(Array(requests[..<1000]))
            try await withWorker(client, queue, concurrency: concurrency) { note, _ in
                crowd.enter()
                await Task.yield()
                crowd.leave()
                ran.add(note.text)
                return .done
            } _: { _ in
                await ran.wait(for: 1000)
                // Now all of them wait for a token.
                for request in requests[1000...].prefix(20) { try await queue.enqueue([request]) }
                try await queue.enqueue(Array(requests[1020...]))
                await ran.wait(for: 1500)
                try await expectEventually { try await queue.isDone }
            }
            #expect(ran.events.count == 1500 && Set(ran.events).count == 1500)
            #expect(crowd.most <= concurrency)
            #expect(try await queue.snapshot().done == 1500)
            #expect(try await queue.check() == [])
        }
    }

    @Test func oneBusyPartitionAloneUsesAllSlots() async throws {
        try await PartitionedJobQueue.with(4) { queue, client in
            let (started, gate) = (Record<String>(), Gate())
            let tenant = queue.tenants(of: 2, 1)[0]
            try await queue.enqueue((0..<12).map { try JobRequest(Note(text: "\($0)"), tenant: tenant) })
            try await withWorker(client, queue, concurrency: 6) { note, _ in
                started.add(note.text)
                await gate.pass()
                return .done
            } _: { _ in
                await started.wait(for: 6)
                #expect(try await queue.snapshot().inFlight == 6, "no more are claimed than run")
                gate.open()
                await started.wait(for: 12)
                try await expectEventually { try await queue.isDone }
            }
        }
    }

    @Test func aBusyPartitionDoesNotStarveTheOthers() async throws {
        try await PartitionedJobQueue.with(4) { queue, client in
            let (ran, gate) = (Record<String>(), Gate())
            try await queue.enqueue((0..<3000).map { try JobRequest(Note(text: "busy"), id: "b\($0)", tenant: queue.tenants(of: 0, 1)[0]) })
            try await withWorker(client, queue, concurrency: 2) { note, _ in
                ran.add(note.text)
                // Most of the busy ones are still to run when the rare ones come.
                if ran.events.count >= 100 { await gate.pass() }
                try await Task.sleep(for: .milliseconds(1))
                return .done
            } _: { _ in
                await ran.wait(for: 100)
                for partition in 1..<4 { try await queue.notes("rare", tenant: queue.tenants(of: partition, 1)[0]) }
                gate.open()
                try await expectEventually { ran.events.count { $0 == "rare" } == 3 }
                let last = try #require(ran.events.lastIndex(of: "rare"))
                #expect(last < 2500, "they did not wait for the end of the others")
            }
        }
    }
}
