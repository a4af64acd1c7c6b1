import Files
import Foundation
import Platform
import Postgres
import TestSupport
import Testing
import Worker

@Suite("Sweeper", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct SweeperTests {
    @Test("H56 old bytes go unless a row needs them; young ones stay, whoever they belong to")
    func bytesInStaging() async throws {
        try await WorkerFixture.with { fixture in
            let (staged, failed, deleting, stored) = (
                try await fixture.stage(), try await fixture.stage(), try await fixture.stage(), try await fixture.stage()
            )
            #expect(try await fixture.files.markFailed(failed.id, reason: "test"))
            try await fixture.markDeleting(deleting)
            #expect(try await fixture.files.markStored(stored.id))
            let (orphan, youngOrphan, dead) = (FileID(), FileID(), FileID())
            for id in [orphan, youngOrphan, stored.id] { try fixture.place(id, in: "ready") }
            try fixture.leaveUnfinished(dead)
            for id in [staged.id, failed.id, deleting.id, stored.id, orphan] { try fixture.backdate(id, in: "ready", hours: 2) }

            await fixture.sweeper.sweepIfDue(.silent)
            #expect(try fixture.staged == [staged.id, failed.id, deleting.id, youngOrphan].map(\.description).sorted())
            #expect(try fixture.names(in: "incoming") == [])
        }
    }

    @Test("H57 answers that were kept for their time go")
    func answers() async throws {
        try await WorkerFixture.with { fixture in
            for expiry in ["-1 minute", "1 hour"] {
                try await fixture.pool.execute(
                    """
                    INSERT INTO replies (owner_id, key, request, claim, lease_until, expires_at)
                    VALUES (1, sha256(\(expiry)::bytea), sha256(''), \(FileID()), now(), now() + \(expiry)::interval)
                    """)
            }
            await fixture.sweeper.sweepIfDue(.silent)
            let left = try await fixture.pool.query("SELECT expires_at > now() FROM replies")
            #expect(try left.map { try $0.decode(at: 0, as: Bool.self) } == [true])
        }
    }

    @Test("a sweeper looks once in a while, not whenever it is asked")
    func interval() async throws {
        try await WorkerFixture.with { fixture in
            let sweeper = fixture.sweeper
            await sweeper.sweepIfDue(.silent)
            let orphan = FileID()
            try fixture.place(orphan, in: "ready")
            try fixture.backdate(orphan, in: "ready", hours: 2)
            await sweeper.sweepIfDue(.silent)
            #expect(try fixture.staged == [orphan.description])
        }
    }

    @Test("while the database is away nothing is removed: every file looks like an orphan then")
    func databaseAway() async throws {
        try await WorkerFixture.with { fixture in
            let file = try await fixture.stage()
            try fixture.backdate(file.id, in: "ready", hours: 2)
            await fixture.pool.close()
            await fixture.sweeper.sweepIfDue(.silent)
            #expect(try fixture.staged == [file.id.description])
        }
    }
}

extension WorkerFixture {
    fileprivate func place(_ id: FileID, in directory: String) throws {
        try Data(bytes(10)).write(to: URL(fileURLWithPath: path(id, directory)))
    }

    /// What a killed Web process leaves.
    fileprivate func leaveUnfinished(_ process: UUIDv7) throws {
        try FileManager.default.createDirectory(atPath: path(process, "incoming"), withIntermediateDirectories: false)
        for name in ["lock", UUIDv7().description] { try Data().write(to: URL(fileURLWithPath: path(process, "incoming") + "/" + name)) }
    }

    fileprivate func backdate(_ id: FileID, in directory: String, hours: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3600 * hours)], ofItemAtPath: path(id, directory))
    }

    fileprivate func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(staging.configuration.root)/\(directory)")
    }

    private func path(_ id: FileID, _ directory: String) -> String { "\(staging.configuration.root)/\(directory)/\(id)" }
}
