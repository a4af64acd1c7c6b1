import Accounts
import Files
import Jobs
import Logging
import Platform
import Synchronization
import TestSupport
import Testing
import Worker

/// All handlers behind a real consumer, as `Composition` wires them.
@Suite("Recovery", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
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

    @Test("H70 the FTP server's disk is full for a while: every file arrives afterwards, and no attempt was spent")
    func full() async throws {
        try await QueueFixture.with(.hostile(tls: false)) { queue, worker in
            try worker.server.misbehave(#"{"after": {"STOR": "452 Insufficient storage space."}}"#)
            let files = [try await worker.stage(), try await worker.stage(), try await worker.stage()]
            _ = try await queue.jobs.enqueue(files.map { .transfer($0) })
            let attempts = Mutex<[Int]>([])
            var registry = JobRegistry()
            registry.register(TransferFile.self) { job, context in
                attempts.withLock { $0.append(context.attempt) }
                return await worker.transfer.handle(job, context)
            }
            try await queue.working([TransferFile.queue], registry) {
                await eventually { attempts.withLock { $0.count } >= 7 }
                for file in files { #expect(try await worker.state(of: file) == .staged) }
                try worker.server.misbehave("{}")
                for file in files { try await eventually { try await worker.state(of: file) == .stored } }
            }
            #expect(attempts.withLock { $0.allSatisfy { $0 == 1 } })
            #expect(worker.server.files == files.map(\.key).sorted())
        }
    }

    @Test("an FTP server that does not answer the sweep keeps no row from getting its job")
    func sweepHangs() async throws {
        try await QueueFixture.with(.hostile(tls: false)) { queue, worker in
            try worker.server.misbehave(#"{"hang": ["MLSD", "LIST"]}"#)
            try await queue.working {
                try await eventually { try await queue.queue(SweepParts.queue).snapshot().inFlight == 1 }
                let file = try await worker.stage(age: .seconds(60))
                try await eventually { try await worker.state(of: file) == .stored }
                #expect(try await queue.queue(SweepParts.queue).snapshot().inFlight == 1)
            }
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
        let handlers = Handlers(
            transfer: worker.transfer, delete: worker.delete, reconcile: reconcile, sweepParts: worker.sweepParts,
            purge: PurgeExpiredHandler(purge: Purge(pool: worker.pool, redis: client)), mail: nil)
        func everySecond(_ name: String, _ job: some JobContract, _ queue: String) throws -> ScheduledJob {
            try ScheduledJob(
                name: name, schedule: .every(.seconds(1)), job: job, catchUp: .once, overlap: .skip, queue: self.name(queue))
        }
        let ticks = try [
            everySecond("reconcile", Reconcile(), Reconcile.queue), everySecond("sweep-parts", SweepParts(), SweepParts.queue),
        ]
        try await working(Options.served.filter { !Options.withoutArea.contains($0) }, handlers.registry(), ticks, body)
    }

    /// Runs a worker of some queues for the length of `body`.
    fileprivate func working(
        _ names: [String], _ registry: JobRegistry, _ ticks: [ScheduledJob] = [], _ body: @Sendable () async throws -> Void
    ) async throws {
        let consumer = try JobWorker(
            client: client, queues: names.map { QueueOptions(name($0), concurrency: 4) }, registry: registry, schedules: ticks,
            logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func name(_ queue: String) -> String { FileJobs.queue(queue, area: worker.area) }
}
