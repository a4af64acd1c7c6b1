import Files
import Foundation
import Jobs
import Platform
import TestSupport
import Testing
import Worker

@Suite("Delete", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct DeleteTests {
    @Test("a file deleted out of a pack is cut out of it and leaves the others whole")
    func pack() async throws {
        try await WorkerFixture.with { fixture in
            let contents = [bytes(5000), bytes(6000)]
            let files = try await fixture.stagePack(contents)
            try await fixture.markDeleting(files[0])
            #expect(await fixture.delete.handle(files[0].deleteJob, run()).isDone)
            #expect(try fixture.staged.count == 1)
            let pack = try Data(contentsOf: URL(fileURLWithPath: fixture.staging.path(of: files[0].place.container)))
            #expect(Array(pack.prefix(5000)) == [UInt8](repeating: 0, count: 5000))
            #expect(await fixture.transfer.handle(files[1].transferJob, run()).isDone)
            #expect(fixture.server.files == [files[1].key] && fixture.server.holds(contents[1], as: files[1].key))
            #expect(try fixture.staged == [])
        }
    }

    @Test("the object, the staged bytes and the row go", arguments: [true, false])
    func success(isStored: Bool) async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            let other = try await fixture.stage()
            try await fixture.put(bytes(10), as: other.key)
            if isStored {
                #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
            }
            try await fixture.markDeleting(file)
            #expect(await fixture.delete.handle(file.deleteJob, run()).isDone)
            #expect(fixture.server.files == [other.key])
            #expect(try fixture.staged == [other.id.description])
            #expect(try await fixture.state(of: file) == nil)
            #expect(await fixture.delete.handle(file.deleteJob, run()).isDone, "twice is once")
        }
    }

    @Test("a file that nobody has deleted is left alone, whatever the job says")
    func notDeleted() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            #expect(await fixture.transfer.handle(file.transferJob, run()).isDone)
            #expect(await fixture.delete.handle(file.deleteJob, run()).isDone)
            #expect(fixture.server.files == [file.key])
            #expect(try await fixture.state(of: file) == .stored)
        }
    }

    @Test("H73 550 to DELE: what is gone is done")
    func gone() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try await fixture.markDeleting(file)
            try fixture.server.misbehave(#"{"refuse": {"DELE": "550 No such file or directory."}}"#)
            #expect(await fixture.delete.handle(file.deleteJob, run()).isDone)
            #expect(try await fixture.state(of: file) == nil)
        }
    }

    @Test("H73 550 to DELE: what is denied is not done, and neither bytes nor row are touched")
    func denied() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let file = try await fixture.stage()
            try await fixture.put(bytes(10), as: file.key)
            try await fixture.markDeleting(file)
            try fixture.server.misbehave(#"{"refuse": {"DELE": "550 Permission denied."}}"#)
            #expect(await fixture.delete.handle(file.deleteJob, run()).isRetry)
            let reason = try #require(await fixture.delete.handle(file.deleteJob, run(isLast: true)).lastWords)
            #expect(reason.contains("Permission denied"))
            #expect(try await fixture.state(of: file) == .deleting)
            #expect(try fixture.staged == [file.id.description])
            try fixture.server.misbehave("{}")
            #expect(await fixture.delete.handle(file.deleteJob, run()).isDone, "once an administrator has mended it")
            #expect(fixture.server.files == [])
        }
    }

    @Test("the FTP server is away: later, no attempt is spent, nothing is forgotten")
    func outage() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try await fixture.markDeleting(file)
            fixture.server.stop()
            #expect(await fixture.delete.handle(file.deleteJob, run(isLast: true)).delay != nil)
            #expect(try await fixture.state(of: file) == .deleting)
            #expect(try fixture.staged == [file.id.description])
        }
    }
}
