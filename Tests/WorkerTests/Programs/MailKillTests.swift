import DatabaseSupport
import Files
import Foundation
import Jobs
import Platform
import Postgres
import TestSupport
import Testing
import Worker

/// Mails of a real worker process that is killed again and again.
@Suite("Killed mail workers", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(3 * Patience.factor)))
struct MailKillTests {
    private static let mails = 1000

    @Test("H72 a thousand mails, their worker killed at random: none is lost, and a second copy has the Message-ID of the first")
    func killed() async throws {
        let sink = try SMTPServerProcess()
        try await MailFixture.with(smtp: sink.configuration) { fixture in
            try await Self.withStaging { staging in
                let jobs = MailJobs(client: fixture.redis)
                var expected: Set<String> = []
                for _ in 0..<Self.mails {
                    let job = try await fixture.challenge(of: fixture.user(MailFixture.address()))
                    try await jobs.enqueue(job)
                    expected.insert("<\(job.id)@example.org>")
                }
                // Longer than the worst run takes: a mail whose code is of no more use is dropped, which is no loss.
                try await fixture.pool.execute("UPDATE login_challenges SET expires_at = now() + interval '1 hour'")
                let kills = try await Self.killing(until: Self.mails, fixture) {
                    try ChildProcess(
                        ["\(Program.folder)/Worker", "--queue", "mail=8"], environment: Self.environment(fixture, sink.port, staging))
                }
                let received = try sink.received().compactMap { ReadMail($0.content).headers["message-id"] }
                let lost = expected.subtracting(received).count
                print("\(Self.mails) mails, \(kills) kills: lost \(lost), second copies \(received.count - Set(received).count)")
                #expect(lost == 0 && Set(received) == expected)
                #expect(try await fixture.queue.snapshot().dead == 0)
                #expect(try await fixture.queue.check().isEmpty)
            }
        }
    }

    /// Starts a worker and kills it, until the queue has counted all jobs.
    /// - Returns: how often it was killed with work left.
    private static func killing(until count: Int, _ fixture: MailFixture, _ start: () throws -> ChildProcess) async throws -> Int {
        var kills = 0
        while case let queue = try await fixture.queue.snapshot(), queue.done + queue.dead < count {
            let worker = try start()
            // From before its first job to the midst of many: how long it lives is what is random here.
            let end = ContinuousClock.now + Duration.milliseconds(Int.random(in: 100...1500)).stretched
            while try await fixture.queue.snapshot().done < count, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            try #require(worker.isRunning, "a worker ended by itself")
            worker.kill()
            kills += 1
        }
        return kills
    }

    /// A folder that Web has made a staging area of; a worker of mails alone asks for one, too.
    private static func withStaging(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/sluice-mails-\(UUIDv7())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let threads = BlockingPool(name: "staging", size: 1)
        try StagingArea(configuration: StagingConfiguration(root: folder + "/staging", areaID: "default"), pool: threads).prepare()
        try await body(folder + "/staging")
        await threads.shutDown()
    }

    private static func environment(_ fixture: MailFixture, _ port: Int, _ staging: String) -> [String: String] {
        [
            "SLUICE_DATABASE_URL": fixture.database.url, "SLUICE_DATABASE_CONNECTIONS": "2",
            "SLUICE_REDIS_URL": "redis://127.0.0.1:\(fixture.server.port)", "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1:9",
            "SLUICE_STAGING": staging, "SLUICE_WORKER_PROBE": "127.0.0.1:0", "SLUICE_SMTP_URL": "smtp://127.0.0.1:\(port)?starttls=off",
            "SLUICE_MAIL_SENDER": "sluice@example.org", "SLUICE_PUBLIC_ADDRESS": "https://files.example.org",
            "SLUICE_SIGN_IN_KEY": MailFixture.key,
        ]
    }
}
