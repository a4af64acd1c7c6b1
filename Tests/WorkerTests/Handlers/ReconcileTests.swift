import Files
import Jobs
import Outbox
import Platform
import Postgres
import TestSupport
import Testing
import Worker

@Suite("Reconcile", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct ReconcileTests {
    /// Old enough to be looked at.
    private let age: Duration = .seconds(60)

    @Test("rows without a job get the one that their state asks for; the others none")
    func missing() async throws {
        try await QueueFixture.with { queue, worker in
            let staged = try await worker.stage(age: age)
            let deleting = try await worker.stage(age: age)
            try await worker.markDeleting(deleting)
            let (stored, failed) = (try await worker.stage(age: age), try await worker.stage(age: age))
            #expect(try await worker.files.markStored(stored.id))
            #expect(try await worker.files.markFailed(failed.id, reason: "test"))

            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await queue.waiting() == [1, 1])
            let again = try await queue.jobs.enqueue([.transfer(staged), .delete(deleting)])
            #expect(again == [.duplicate(.live), .duplicate(.live)], "under the ids that Web gives them")
        }
    }

    @Test("a row whose job lives gets no second one")
    func live() async throws {
        try await QueueFixture.with { queue, worker in
            let file = try await worker.stage(age: age)
            #expect(try await queue.jobs.enqueue([.transfer(file)]) == [.enqueued])
            for _ in 0..<2 {
                #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            }
            #expect(try await queue.waiting() == [1, 0])
            #expect(try await worker.state(of: file) == .staged)
        }
    }

    @Test("a transfer that is dead turns its row failed, and only its own")
    func deadTransfer() async throws {
        try await QueueFixture.with { queue, worker in
            let (file, other) = (try await worker.stage(age: age), try await worker.stage(age: age))
            _ = try await queue.jobs.enqueue([.transfer(file)])
            try await queue.bury(TransferFile.queue)
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            let row = try #require(try await worker.files.load(file.id))
            #expect(row.state == .failed && row.failure != nil)
            #expect(try await worker.state(of: other) == .staged)
            #expect(try await queue.waiting() == [1, 0])
        }
    }

    @Test("a file that was given up is transferred after all once it is retried, and another that had not failed is left alone")
    func retry() async throws {
        try await QueueFixture.with { queue, worker in
            let (file, other) = (try await worker.stage(age: age), try await worker.stage(age: age))
            _ = try await queue.jobs.enqueue([.transfer(file)])
            try await queue.bury(TransferFile.queue)
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await worker.state(of: file) == .failed)
            let relay = FileRelay(files: worker.files, jobs: queue.jobs)
            #expect(try await relay.retry([file, other]).map(\.id) == [file.id])
            #expect(try await worker.state(of: file) == .staged)
            #expect(try await queue.queue(TransferFile.queue).dead().isEmpty)
            #expect(try await queue.waiting() == [2, 0], "the one retried, and the other's from Reconcile")
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await worker.state(of: file) == .staged)
            #expect(await worker.transfer.handle(file.transferJob, run()).isDone)
            #expect(try await worker.state(of: file) == .stored)
        }
    }

    @Test("a deletion that is dead is tried again; a dead transfer does not keep a file from being deleted")
    func deadDeletion() async throws {
        try await QueueFixture.with { queue, worker in
            let (file, other) = (try await worker.stage(age: age), try await worker.stage(age: age))
            _ = try await queue.jobs.enqueue([.delete(file), .transfer(other)])
            try await queue.bury(DeleteFile.queue)
            try await queue.bury(TransferFile.queue)
            for file in [file, other] { try await worker.markDeleting(file) }
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await worker.state(of: file) == .deleting)
            #expect(try await queue.queue(DeleteFile.queue).dead().isEmpty)
            #expect(try await queue.waiting() == [0, 2])
        }
    }

    @Test("rows of another staging area are left to its own workers")
    func otherArea() async throws {
        try await QueueFixture.with { queue, worker in
            let file = try await worker.stage(age: age, area: "elsewhere")
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await queue.waiting() == [0, 0])
            #expect(try await queue.jobs.enqueue([.transfer(file)]) == [.enqueued], "nor is it in the other area's queue")
        }
    }

    @Test("rows that have just been written are left to whoever announces them")
    func young() async throws {
        try await QueueFixture.with { queue, worker in
            _ = try await worker.stage()
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await queue.waiting() == [0, 0])
        }
    }

    @Test("H95 after Redis was emptied everything outstanding is enqueued again, page after page")
    func flushed() async throws {
        try await QueueFixture.with { queue, worker in
            let ids = (0..<1203).map { FileID(milliseconds: FileID().milliseconds - 60_000 - $0) }
            try await worker.pool.execute(
                """
                WITH added AS (
                    INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
                    SELECT id, 7, 'n', 1, 't', decode(repeat('00', 32), 'hex'), 'k', \(worker.area), id, 0 FROM unnest(\(ids)) AS id
                    RETURNING id)
                INSERT INTO files_outstanding SELECT id, id FROM added
                """)
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            try await queue.flush()
            #expect(try await queue.waiting() == [0, 0])
            #expect(await queue.reconcile.handle(Reconcile(), run()).isDone)
            #expect(try await queue.waiting() == [1203, 0])
        }
    }

    @Test("a lost lease ends it")
    func lostLease() async throws {
        try await QueueFixture.with { queue, worker in
            _ = try await worker.stage(age: age)
            _ = await queue.reconcile.handle(Reconcile(), run(isCurrent: { false }))
            #expect(try await queue.waiting() == [0, 0])
        }
    }

    @Test("without the database or Redis it is put off: no dead job for every tick of an outage", arguments: ["database", "Redis"])
    func outage(_ missing: String) async throws {
        try await QueueFixture.with { queue, worker in
            _ = try await worker.stage(age: age)
            if missing == "Redis" { queue.server.kill() } else { await worker.pool.close() }
            #expect(await queue.reconcile.handle(Reconcile(), run(isLast: true)).delay != nil)
        }
    }

    @Test("an FTP server that is away does not keep rows from getting their jobs")
    func serverAway() async throws {
        try await QueueFixture.with { queue, worker in
            _ = try await worker.stage(age: age)
            worker.server.stop()
            #expect(await queue.reconcile.handle(Reconcile(), run(isLast: true)).isDone)
            #expect(try await queue.waiting() == [1, 0])
        }
    }
}

extension FileJobs.Work {
    /// As Web enqueues it.
    static func transfer(_ file: FileRecord) -> Self { work(file, .transfer) }
    static func delete(_ file: FileRecord) -> Self { work(file, .delete) }

    private static func work(_ file: FileRecord, _ kind: Kind) -> Self {
        FileJobs.Work(file: file.id, key: file.key, tenant: file.owner.description, area: file.area, kind: kind)
    }
}
