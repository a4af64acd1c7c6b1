import Files
import Jobs
import Logging
import Platform
import TestSupport
import Testing
import Worker

/// All handlers behind a real consumer, as `Composition` wires them.
@Suite("Recovery", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(2)))
struct RecoveryTests {
    @Test("H95 Redis was emptied with jobs in it: everything still arrives, once, without an administrator")
    func flushed() async throws {
        try await QueueFixture.with { queue, worker in
            var files: [FileRecord] = []
            for _ in 0..<20 { files.append(try await worker.stage(age: .seconds(60))) }
            let deleted = try await worker.stage(age: .seconds(60))
            try await worker.markDeleting(deleted)
            _ = try await queue.jobs.enqueue(files.map { .transfer($0) } + [.delete(deleted)])
            try await queue.flush()
            try await queue.working {
                try await eventually { try await worker.files.outstanding(in: worker.area, olderThan: .zero, limit: 1).isEmpty }
            }
            for file in files { #expect(try await worker.state(of: file) == .stored) }
            #expect(worker.server.files == files.map(\.key).sorted())
            #expect(try worker.staged == [])
            #expect(try await worker.state(of: deleted) == nil)
        }
    }

    @Test("H94 a job that no handler understands dies with a reason, and the file behind it turns failed")
    func poisoned() async throws {
        try await QueueFixture.with { queue, worker in
            let file = try await worker.stage(age: .seconds(60))
            _ = try await queue.queue(TransferFile.queue).enqueue([
                try JobRequest(Unreadable(), id: TransferFile.id(of: file.id), queue: FileJobs.queue(TransferFile.queue, area: worker.area))
            ])
            try await queue.working {
                try await eventually { try await worker.state(of: file) == .failed }
            }
            let dead = try await queue.queue(TransferFile.queue).dead()
            #expect(dead.map(\.reason) == ["the payload does not decode"])
        }
    }

    /// Says that it is a transfer, and is none.
    private struct Unreadable: JobContract {
        static var type: String { TransferFile.type }
        static var schemaVersion: Int { 1 }
        static var queue: String { TransferFile.queue }
        static var policy: RetryPolicy { .standard }
    }
}

extension QueueFixture {
    /// Runs a worker of all queues for the length of `body`.
    fileprivate func working(_ body: @Sendable () async throws -> Void) async throws {
        let handlers = Handlers(transfer: worker.transfer, delete: worker.delete, reconcile: reconcile)
        let queues = Options.standard.map { QueueOptions(FileJobs.queue($0.name, area: worker.area), concurrency: 4) }
        let tick = PeriodicJob(
            name: "reconcile", every: .seconds(1), job: Reconcile(), queue: FileJobs.queue(Reconcile.queue, area: worker.area))
        let consumer = try JobWorker(
            client: client, queues: queues, registry: handlers.registry(), periodic: [tick], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}
