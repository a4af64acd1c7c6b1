import Curl
import Files
import Jobs
import Platform
import TestSupport
import Testing
import Worker

@Suite("FTP connections", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct FTPConnectionsTests {
    @Test("long uploads have all connections: other transfers go back to the queue, with all their attempts")
    func allInUse() async throws {
        try await WorkerFixture.with(.hostile(tls: false), configure: Self.one(patience: .milliseconds(100))) { fixture in
            let long = try await fixture.stage(bytes(400_000))
            let bytes = bytes(1000)
            let file = try await fixture.stage(bytes)
            try fixture.server.misbehave(#"{"bytes_per_s": 10000}"#)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await fixture.transfer.handle(long.transferJob, run()) }
                await eventually { !fixture.server.files.isEmpty }
                #expect(await fixture.transfer.handle(file.transferJob, run(isLast: true)).delay == FTPConnections.patience)
                // Its part would have to be removed first.
                let next = await fixture.transfer.handle(file.transferJob, run(epoch: 101, previous: 100, isLast: true))
                #expect(next.delay == FTPConnections.patience)
                group.cancelAll()
            }
            #expect(try await fixture.state(of: file) == .staged)
            #expect(try fixture.staged.contains(file.id.description))
            try fixture.server.misbehave("{}")
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 102, previous: 101)).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
        }
    }

    @Test("short uploads wait for one another")
    func inTurns() async throws {
        try await WorkerFixture.with(configure: Self.one(patience: .seconds(60))) { fixture in
            let files = try await fixture.stagePack((0..<20).map { _ in bytes(1000) })
            await withTaskGroup(of: Bool.self) { group in
                for file in files { group.addTask { await fixture.transfer.handle(file.transferJob, run()).isDone } }
                #expect(await group.allSatisfy { $0 })
            }
            #expect(fixture.server.files == files.map(\.key).sorted())
        }
    }

    private static func one(patience: Duration) -> (inout FTPConfiguration) -> Void {
        {
            $0.maximumConnections = 1
            $0.patience = patience
        }
    }
}
