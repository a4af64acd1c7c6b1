import Client
import Foundation
import Platform
import Synchronization
import TestSupport
import Testing

/// With a disk of one thread, which does one thing at a time, and that only when it is let.
@Suite("What waits for a disk")
struct DiskTests {
    private final class Hold: Sendable {
        private let gate = Gate()
        private let hasBegun = Atomic(false)

        /// Takes its turn behind what waits for the disk already.
        init(_ disk: BlockingPool) {
            gate.close()
            Task {
                try await disk.run {
                    self.hasBegun.store(true, ordering: .sequentiallyConsistent)
                    self.gate.pass()
                }
            }
        }

        func begun() async throws {
            try await DiskTests.until { hasBegun.load(ordering: .sequentiallyConsistent) }
        }

        func end() { gate.open() }
    }

    private static func until(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Duration.seconds(20).stretched
        while !condition() {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Runs something, and looks each time that it waits for the disk.
    ///
    /// - Returns: how often it has.
    private func steps(
        _ disk: BlockingPool, _ body: @escaping @Sendable () async throws -> Void, look: (Task<Void, any Error>) -> Void = { _ in }
    ) async throws -> Int {
        var hold = Hold(disk)
        try await hold.begun()
        let isDone = Mutex(false)
        let task = Task {
            defer { isDone.withLock { $0 = true } }
            try await body()
        }
        var count = 0
        while true {
            try await Self.until { disk.load > 1 || isDone.withLock { $0 } }
            guard disk.load > 1 else { break }
            look(task)
            count += 1
            let next = Hold(disk)
            try await Self.until { disk.load > 2 }
            hold.end()
            try await next.begun()
            hold = next
        }
        hold.end()
        try await task.value
        return count
    }

    private func with(_ body: (FakeServer, ClientFixture, BlockingPool) async throws -> Void) async throws {
        let disk = BlockingPool(name: "disk", size: 1)
        try await FakeServer.with { server in
            try await ClientFixture.with(server, disk: disk) { try await body(server, $0, disk) }
        }
    }

    // The log, the walk, the file, its bytes, whether they are the same still, the receipt, the walk's end, the log. Of a large file, whose
    // bytes are read as they are sent, its journal three times.
    @Test("a run looks at files and remembers them on the threads for that", arguments: [(1, 8), (200_000, 9)])
    func put(size: Int, expected: Int) async throws {
        try await with { server, client, disk in
            let path = try client.file("a", ClientFixture.bytes(size))
            let count = try await steps(disk) {
                let status = try await client.put([path], parallel: 1).status
                #expect(status == .success)
            }
            #expect(count == expected)
            #expect(server.files.count == 1 && client.runs.isEmpty && client.journal.isEmpty)
        }
    }

    @Test("so does counting what there is to do, some files at a time")
    func measure() async throws {
        try await with { _, client, disk in
            for index in 0..<250 { try client.file("data/\(index)", [1, 2]) }
            let board = ProgressBoard()
            let run = PutRun(session: client.session, options: PutOptions(), board: board)
            let count = try await steps(disk) { await run.measure([client.folder + "/data"]) }
            #expect(count == 3)
            #expect(board.snapshot().allFiles == 250 && board.snapshot().allBytes == 500)
        }
    }

    @Test("what is at the server when the user ends it is written down all the same")
    func ended() async throws {
        try await with { server, client, disk in
            let path = try client.file("a", [1])
            _ = try await steps(disk) {
                let status = try await client.put([path], parallel: 1).status
                #expect(status == .postponed)
            } look: { task in
                if !server.files.isEmpty { task.cancel() }
            }
            #expect(try await client.put([path], parallel: 1).status == .success)
            #expect(server.seen("PUT").count == 1)
        }
    }
}
