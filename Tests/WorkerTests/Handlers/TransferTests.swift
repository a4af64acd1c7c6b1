import Curl
import Files
import Foundation
import Jobs
import Platform
import Postgres
import TestSupport
import Testing
import Worker

/// Every outcome of a transfer that is alone with its file.
@Suite("Transfer", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct TransferTests {
    @Test("the bytes are on the server, the row is stored, the staged bytes are gone", arguments: [0, 1, 70_000, 3_000_000])
    func success(size: Int) async throws {
        try await WorkerFixture.with { fixture in
            let bytes = bytes(size)
            let file = try await fixture.stage(bytes)
            #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(fixture.server.files == [file.key], "neither a part nor anything else")
            let row = try #require(try await fixture.files.load(file.id))
            #expect(row.state == .stored && row.storedAt != nil && row.failure == nil)
            #expect(try fixture.staged == [])
        }
    }

    @Test("a file that is stored loses its staged bytes and nothing else: the worker died between the two")
    func alreadyStored() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try await fixture.put(bytes(10), as: file.key)
            #expect(try await fixture.files.markStored(file.id))
            #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
            #expect(fixture.server.files == [file.key])
            #expect(try fixture.staged == [])
        }
    }

    @Test("H24 a full staging disk does not hold up the transfer that empties it")
    func fullDisk() async throws {
        try await WorkerFixture.with { fixture in
            let bytes = bytes(200_000)
            let file = try await fixture.stage(bytes)
            var configuration = fixture.staging.configuration
            configuration.reserveBytes = 900 << 40
            let threads = BlockingPool(name: "full", size: 1)
            let full = StagingArea(configuration: configuration, pool: threads)
            try full.prepare()
            #expect(await full.healthCheck.check() != nil)
            let transfer = TransferFileHandler(files: fixture.files, staging: full, ftp: fixture.ftp)
            #expect(await transfer.handle(file.transferJob, run()).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(try fixture.staged == [])
            await threads.shutDown()
        }
    }

    @Test("the row is gone: what a former run had published is removed")
    func rowGone() async throws {
        try await WorkerFixture.with { fixture in
            let job = TransferFile(file: FileID(), key: "7/2026/01/object.pdf")
            try await fixture.put(bytes(10), as: job.key)
            #expect(await fixture.transfer.handle(job, run()).isDone)
            #expect(fixture.server.files == [])
            #expect(await fixture.transfer.handle(job, run()).isDone, "and again, with nothing to remove")
        }
    }

    @Test("H72 a run that died between its rename and its answer leaves no object behind a file that is being deleted")
    func deletingAfterCrash() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try await fixture.markDeleting(file)
            try await fixture.put(bytes(10), as: file.key)
            #expect(await fixture.transfer.handle(file.transferJob, run(previous: 99)).isDone)
            #expect(fixture.server.files == [])
            #expect(try await fixture.state(of: file) == .deleting, "the row belongs to the deletion")
        }
    }

    @Test("H72 the part of the run before is removed first")
    func formerPart() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try await fixture.put(bytes(10), as: PartName.of(file.key, epoch: 41))
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 42, previous: 41)).isDone)
            #expect(fixture.server.files == [file.key])
        }
    }

    @Test("a former part that the server refuses to remove does not hold up the file")
    func formerPartRefused() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try fixture.server.misbehave(#"{"refuse": {"DELE": "550 Permission denied."}}"#)
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 42, previous: 41, isLast: true)).isDone)
            #expect(try await fixture.state(of: file) == .stored)
        }
    }

    @Test("H72 a lease lost before the rename: nothing is visible and nothing is left")
    func lostLease() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            let outcome = await fixture.transfer.handle(file.transferJob, run(isLast: true, isCurrent: { false }))
            #expect(outcome.delay == .zero)
            #expect(fixture.server.files == [])
            #expect(try await fixture.state(of: file) == .staged)
            #expect(try fixture.staged == [file.id.description])
        }
    }

    @Test("the FTP server is away: later, and no attempt is spent, in whatever state the file is", arguments: FileState.allCases)
    func outage(state: FileState) async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            switch state {
            case .staged: break
            case .stored: #expect(try await fixture.files.markStored(file.id))
            case .failed: #expect(try await fixture.files.markFailed(file.id, reason: "test"))
            case .deleting: try await fixture.markDeleting(file)
            }
            fixture.server.stop()
            // With the part of a former run, as after the first try: removing that must not cost an attempt either.
            let outcome = await fixture.transfer.handle(file.transferJob, run(previous: 41, isLast: true))
            let delay = try #require(outcome.delay)
            #expect(delay >= .seconds(1) && delay <= .seconds(60))
            #expect(try await fixture.state(of: file) == state)
        }
    }

    @Test("the longer a file has waited, the more rarely it comes back, up to a minute")
    func patience() async throws {
        try await WorkerFixture.with { fixture in
            fixture.server.stop()
            let fresh = TransferFile(file: FileID(), key: "7/a")
            let old = TransferFile(file: FileID(milliseconds: FileID().milliseconds - 86_400_000), key: "7/b")
            #expect(try #require(await fixture.transfer.handle(fresh, run()).delay) <= .seconds(2))
            let delay = try #require(await fixture.transfer.handle(old, run()).delay)
            #expect(delay >= .seconds(30) && delay <= .seconds(60))
        }
    }

    @Test("the database is away: later, and no attempt is spent")
    func databaseAway() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            await fixture.pool.close()
            #expect(await fixture.transfer.handle(file.transferJob, run(isLast: true)).delay != nil)
            #expect(await fixture.delete.handle(file.deleteJob, run(isLast: true)).delay != nil)
        }
    }

    @Test("H70 a refusal costs an attempt; the last one fails the file with the server's words", arguments: ["450 Busy.", "551 No."])
    func refused(reply: String) async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try fixture.server.misbehave(#"{"refuse": {"STOR": "\#(reply)"}}"#)
            #expect(await fixture.transfer.handle(file.transferJob, run()).isRetry)
            #expect(try await fixture.state(of: file) == .staged)

            let reason = try #require(await fixture.transfer.handle(file.transferJob, run(isLast: true)).lastWords)
            #expect(reason.contains(reply))
            let row = try #require(try await fixture.files.load(file.id))
            #expect(row.state == .failed && row.failure == reason)
            #expect(try fixture.staged == [file.id.description], "the bytes stay for its owner")
            #expect(fixture.server.files == [])
        }
    }

    @Test(
        "H70 a server without room, or that denies the upload: later, no attempt is spent, and the file arrives when that is over",
        arguments: [
            #"{"refuse": {"STOR": "452 No space."}}"#, #"{"refuse": {"STOR": "552 Quota."}}"#, #"{"refuse": {"STOR": "451 Local error."}}"#,
            #"{"refuse": {"STOR": "550 Permission denied."}}"#, #"{"refuse": {"STOR": "553 Could not create file."}}"#,
            #"{"after": {"STOR": "451 Failure writing to local file."}}"#, #"{"full_after": [300000, "552 Disk full."]}"#,
        ])
    func serversTrouble(faults: String) async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let bytes = bytes(5_000_000)
            let file = try await fixture.stage(bytes)
            try fixture.server.misbehave(faults)
            for epoch in 100..<102 {
                let delay = try #require(await fixture.transfer.handle(file.transferJob, run(epoch: Int64(epoch), isLast: true)).delay)
                #expect(delay >= .seconds(1) && delay <= .seconds(60))
                #expect(try await fixture.state(of: file) == .staged)
                #expect(fixture.server.files == [])
            }
            try fixture.server.misbehave("{}")
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 102, previous: 101)).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(fixture.server.files == [file.key])
        }
    }

    @Test("H71 226 for a file that is short on the server is not stored")
    func short() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let bytes = bytes(5000)
            let file = try await fixture.stage(bytes)
            try fixture.server.misbehave(#"{"short_by": 1}"#)
            #expect(await fixture.transfer.handle(file.transferJob, run()).isRetry)
            #expect(fixture.server.files == [])
            #expect(try await fixture.state(of: file) == .staged)
            try fixture.server.misbehave("{}")
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 101, previous: 100)).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
        }
    }

    @Test("H70 a connection cut in the middle of STOR: no object, and the next run delivers it whole")
    func cut() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let bytes = bytes(3_000_000)
            let file = try await fixture.stage(bytes)
            try fixture.server.misbehave(#"{"cut_after": 300000}"#)
            #expect(await fixture.transfer.handle(file.transferJob, run()).isRetry)
            #expect(fixture.server.content(of: file.key) == nil)
            try fixture.server.misbehave("{}")
            #expect(await fixture.transfer.handle(file.transferJob, run(epoch: 101, previous: 100)).isDone)
            #expect(fixture.server.holds(bytes, as: file.key))
            #expect(fixture.server.files == [file.key])
        }
    }

    @Test("no staging area, as when its volume is not mounted: later, and no file fails for it")
    func areaGone() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            let root = fixture.staging.configuration.root
            try FileManager.default.moveItem(atPath: root, toPath: root + ".away")
            #expect(await fixture.transfer.handle(file.transferJob, run(isLast: true)).delay == .seconds(10))
            #expect(try await fixture.state(of: file) == .staged)
            try FileManager.default.moveItem(atPath: root + ".away", toPath: root)
            #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
        }
    }

    @Test("H70 a server's own trouble is no file's fault, whatever code it has found for it", arguments: ["EPSV", "STOR"])
    func oops(command: String) async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            let words = "500 OOPS: cannot open the log file"
            try fixture.server.misbehave(#"{"refuse": {"\#(command)": "\#(words)", "PASV": "\#(words)"}}"#)
            let outcome = await fixture.transfer.handle(file.transferJob, run(isLast: true))
            #expect(try #require(outcome.delay) >= .seconds(1))
            #expect(try await fixture.state(of: file) == .staged)
        }
    }

    @Test("files of one pack arrive each with its own bytes, and the pack goes with the last of them")
    func pack() async throws {
        try await WorkerFixture.with { fixture in
            let contents = [bytes(5000), [], bytes(70_000), bytes(1)]
            let files = try await fixture.stagePack(contents)
            for (index, file) in files.enumerated() {
                #expect(try fixture.staged.count == 1)
                #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
                #expect(fixture.server.holds(contents[index], as: file.key))
            }
            #expect(try fixture.staged == [])
        }
    }

    @Test("staged bytes that are missing or of another size fail the file at once: no later try can mend it", arguments: [nil, 999])
    func bytesMissing(size: Int?) async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try FileManager.default.removeItem(atPath: fixture.staging.path(of: file.id))
            if let size { try Data(bytes(size)).write(to: URL(fileURLWithPath: fixture.staging.path(of: file.id))) }
            let reason = try #require(await fixture.transfer.handle(file.transferJob, run()).lastWords)
            #expect(try await fixture.files.load(file.id)?.failure == reason)
            #expect(fixture.server.files == [])
        }
    }
}
