import Files
import Jobs
import Platform
import TestSupport
import Testing
import Worker

/// What happens to a file while it is being transferred: the question before the rename is where the tests step in.
@Suite("Transfer races", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct TransferRaceTests {
    @Test("a file that was given up while its transfer ran keeps its object: a retry may have published it by now")
    func failedMeanwhile() async throws {
        try await WorkerFixture.with { fixture in
            let content = bytes(1000)
            let file = try await fixture.stage(content)
            let outcome = await fixture.transfer.handle(
                file.transferJob,
                run(isCurrent: {
                    // Between the upload and the note that it is stored.
                    blocking { try await fixture.files.markFailed(file.id, reason: "poison") }
                    return true
                }))
            #expect(outcome.isDone)
            #expect(try await fixture.state(of: file) == .failed)
            #expect(fixture.server.holds(content, as: file.key))
            #expect(try fixture.staged == [file.id.description])
        }
    }

    @Test("a file that its owner deletes meanwhile is removed from the server again")
    func deletedMeanwhile() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            let context = run(isCurrent: {
                blocking { try await fixture.markDeleting(file) }
                return true
            })
            #expect(await fixture.transfer.handle(file.transferJob, context).isDone)
            #expect(fixture.server.files == [])
            #expect(try await fixture.state(of: file) == .deleting)
        }
    }

    @Test("a file that is deleted to the end meanwhile is removed from the server again")
    func goneMeanwhile() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            let context = run(isCurrent: {
                blocking {
                    try await fixture.markDeleting(file)
                    #expect(await fixture.delete.handle(file.deleteJob, run(epoch: 200)).isDone)
                }
                return true
            })
            #expect(await fixture.transfer.handle(file.transferJob, context).isDone)
            #expect(fixture.server.files == [])
            #expect(try await fixture.state(of: file) == nil)
            #expect(try fixture.staged == [])
        }
    }

    @Test("H72 two runs of one job that rename at the same moment: one object, stored, nothing besides")
    func twice() async throws {
        try await WorkerFixture.with { fixture in
            let bytes = bytes(200_000)
            let file = try await fixture.stage(bytes)
            let meeting = Meeting(of: 2)
            async let first = fixture.transfer.handle(file.transferJob, run(epoch: 100, isCurrent: meeting.join))
            async let second = fixture.transfer.handle(file.transferJob, run(epoch: 101, isCurrent: meeting.join))
            let outcomes = await [first, second]
            #expect(outcomes.allSatisfy { $0.isDone })
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(fixture.server.files == [file.key])
            #expect(try await fixture.state(of: file) == .stored)
            #expect(try fixture.staged == [])
        }
    }

    @Test("H72 a new run removes the part of a run that still writes; the old one cannot rename it")
    func overtaken() async throws {
        try await WorkerFixture.with { fixture in
            let bytes = bytes(1000)
            let file = try await fixture.stage(bytes)
            let context = run(
                epoch: 100,
                isCurrent: {
                    blocking {
                        #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 101, previous: 100)).isDone)
                    }
                    return true
                })
            #expect(await !fixture.transfer.handle(file.transferJob, context).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(fixture.server.files == [file.key])
            #expect(try await fixture.state(of: file) == .stored)
        }
    }

    @Test("H72 cancelled in the middle of STOR: no attempt is spent, and the next run removes the part")
    func cancelled() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let bytes = bytes(400_000)
            let file = try await fixture.stage(bytes)
            try fixture.server.misbehave(#"{"bytes_per_s": 20000}"#)
            let outcome = await withTaskGroup(of: JobOutcome.self) { group in
                group.addTask { await fixture.transfer.handle(file.transferJob, run(epoch: 100, isLast: true)) }
                await eventually { !fixture.server.files.isEmpty }
                group.cancelAll()
                return await group.next()
            }
            #expect(outcome?.delay == .zero)
            #expect(fixture.server.files == [PartName.of(file.key, epoch: 100)])
            try fixture.server.misbehave("{}")
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 101, previous: 100)).isDone)
            #expect(fixture.server.files == [file.key])
            #expect(fixture.server.holds(bytes, as: file.key))
        }
    }

    @Test("the last try fails, but another run has stored the file: it stays stored and the job is done")
    func failsAfterStored() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try fixture.server.misbehave(#"{"refuse": {"RNTO": "553 Not now."}}"#)
            let context = run(
                isLast: true,
                isCurrent: {
                    blocking { _ = try await fixture.files.markStored(file.id) }
                    return true
                })
            #expect(await fixture.transfer.handle(file.transferJob, context).isDone)
            #expect(try await fixture.state(of: file) == .stored)
            #expect(try fixture.staged == [])
        }
    }

    @Test("the last try fails, but its owner has deleted the file: there is nothing to fail")
    func failsAfterDeleted() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try fixture.server.misbehave(#"{"short_by": 1}"#)
            try await fixture.markDeleting(file)
            #expect(await fixture.transfer.handle(file.transferJob, run(isLast: true)).isDone)
            #expect(try await fixture.state(of: file) == .deleting)
        }
    }
}
