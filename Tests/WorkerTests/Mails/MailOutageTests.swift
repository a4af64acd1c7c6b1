import Curl
import Foundation
import Jobs
import Logging
import Platform
import Postgres
import TestSupport
import Testing
import Worker

/// Against a mail server of a test's own that is away, refuses, or hangs.
@Suite("Mails in trouble", .serialized, .requires(.postgres), .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct MailOutageTests {
    @Test(
        "H77 a refusal for now is tried again, one of the server as a whole without spending an attempt",
        arguments: [
            (#"{"rcpt": "450 4.2.0 u@example.org greylisted"}"#, true), (#"{"data": "452 Full."}"#, true),
            (#"{"mail": "421 Closing."}"#, false),
        ])
    func refusedForNow(_ faults: String, _ spendsAttempt: Bool) async throws {
        let server = try SMTPServerProcess()
        try await MailFixture.with(smtp: server.configuration) { fixture in
            let job = try await fixture.challenge(of: fixture.user(MailFixture.address()))
            try server.misbehave(faults)
            let outcome = await fixture.send(job)
            #expect(outcome.isRetry == spendsAttempt)
            if !spendsAttempt { #expect(try (Duration.seconds(1)...Duration.seconds(10)).contains(#require(outcome.delay))) }
            #expect(fixture.count(#"sluice_mails_total{kind="code",outcome="postponed"}"#) == 1)
            #expect(try await fixture.delivery(of: job) == "delayed")
            try server.misbehave("{}")
            #expect(await fixture.send(job).isDone)
            #expect(try await fixture.delivery(of: job) == "accepted")
            #expect(try server.received().count == 1)
            #expect(fixture.count(#"sluice_mails_total{kind="code",outcome="sent"}"#) == 1)
            #expect(fixture.count(#"sluice_mail_delivery_seconds_count{kind="code"}"#) == 1)
        }
    }

    @Test("H77 a refusal for good ends the job, with a figure and a line that hold neither address nor code")
    func refused() async throws {
        let server = try SMTPServerProcess()
        try await MailFixture.with(smtp: server.configuration) { fixture in
            let (address, log) = (MailFixture.address(), LogRecord())
            let job = try await fixture.challenge(of: fixture.user(address))
            let code = try #require(try await fixture.code(of: job))
            try server.misbehave(#"{"rcpt": "550 5.1.1 \#(address) unknown"}"#)
            let reason = try #require(await fixture.send(job, logger: log.logger).lastWords)
            #expect(reason == "SMTP: refused with 550")
            #expect(log.lines.count == 1 && log.holds("a mail cannot be delivered") && log.holds("550"))
            #expect(!log.holds(address) && !log.holds(code))
            #expect(fixture.count(#"sluice_mails_total{kind="code",outcome="failed"}"#) == 1)
            #expect(try await fixture.delivery(of: job) == "refused")
        }
    }

    @Test("H77 that what became of a mail cannot be taken down changes nothing for the mail, and is logged")
    func unnoted() async throws {
        let server = try SMTPServerProcess()
        try await MailFixture.with(smtp: server.configuration) { fixture in
            let (job, log) = (try await fixture.challenge(of: fixture.user(MailFixture.address())), LogRecord())
            try await fixture.pool.execute("ALTER TABLE login_challenges DROP COLUMN delivery")
            #expect(await fixture.send(job, logger: log.logger).isDone)
            #expect(try server.received().count == 1)
            #expect(log.lines.count == 1 && log.holds("what became of a mail is not shown"))
        }
    }

    @Test("H77 the mail server is away for a while: the code arrives once it is back, and no attempt was spent")
    func away() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        try await MailFixture.with(smtp: SMTPConfiguration(host: "127.0.0.1", port: port, requiresTLS: false)) { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            let code = try #require(try await fixture.code(of: job))
            try await MailJobs(client: fixture.redis).enqueue(job)
            try await fixture.working {
                await eventually { (fixture.count(#"sluice_mails_total{kind="code",outcome="postponed"}"#) ?? 0) >= 2 }
                let server = try SMTPServerProcess(port: port)
                try await eventually { try server.received().count == 1 }
                let mail = ReadMail(try #require(try server.received().first).content)
                #expect(mail.parts["text/plain"]?.contains(code) == true)
                try await eventually { try await fixture.queue.snapshot().done == 1 }
            }
            let queue = try await fixture.queue.snapshot()
            #expect(queue.ready + queue.delayed + queue.dead == 0)
        }
    }

    @Test("H77 the mail server is away for longer than the code lives: the job ends quietly")
    func awayForLong() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        try await MailFixture.with(smtp: SMTPConfiguration(host: "127.0.0.1", port: port, requiresTLS: false)) { fixture in
            let job = try await fixture.challenge(of: fixture.user(MailFixture.address()))
            try await MailJobs(client: fixture.redis).enqueue(job)
            try await fixture.working {
                await eventually { fixture.count(#"sluice_mails_total{kind="code",outcome="postponed"}"#) != nil }
                try await fixture.pool.execute("UPDATE login_challenges SET expires_at = now()")
                try await eventually { try await fixture.queue.snapshot().done == 1 }
            }
            #expect(try await fixture.queue.snapshot().dead == 0)
            #expect(fixture.count(#"sluice_mails_total{kind="code",outcome="dropped"}"#) == 1)
        }
    }

    @Test("H72 a worker is killed with a mail in its hands: it is sent within seven seconds, under the same Message-ID")
    func killed() async throws {
        let server = try SMTPServerProcess()
        try await MailFixture.with(smtp: server.configuration) { fixture in
            let job = try await fixture.challenge(of: fixture.user(MailFixture.address()))
            try await MailJobs(client: fixture.redis).enqueue(job)
            // What a worker leaves that died between the server's answer and its own acknowledgement.
            let claimed = try await fixture.queue.cycle([], want: 1, direct: 1, lease: SendMail.leaseDuration)
            let death = ContinuousClock.now
            #expect(claimed.entries.count == 1)
            #expect(await fixture.send(job).isDone)
            try await fixture.working {
                try await eventually { try server.received().count == 2 }
                #expect(death.duration(to: .now) < Duration.seconds(7).stretched)
                try await eventually { try await fixture.queue.snapshot().done == 1 }
            }
            #expect(Set(try server.received().map { ReadMail($0.content).headers["message-id"] }).count == 1)
        }
    }

    @Test("H94 a job that is none of ours dies with a reason, and those of another version wait")
    func poisoned() async throws {
        let server = try SMTPServerProcess()
        try await MailFixture.with(smtp: server.configuration) { fixture in
            _ = try await fixture.queue.enqueue([JobRequest(Unreadable(), id: "unreadable"), JobRequest(Later(), id: "later")])
            try await fixture.working {
                try await eventually {
                    let queue = try await fixture.queue.snapshot()
                    return queue.dead == 1 && queue.parked == 1
                }
            }
            #expect(try await fixture.queue.dead().map(\.reason) == ["the payload does not decode"])
            #expect(try server.received().isEmpty)
        }
    }

    /// Says that it is a mail, and is none.
    private struct Unreadable: JobContract {
        var kind = "spam"

        static var type: String { SendMail.type }
        static var schemaVersion: Int { 1 }
        static var queue: String { SendMail.queue }
        static var policy: RetryPolicy { .standard }
    }

    /// A mail of a version to come.
    private struct Later: JobContract {
        static var type: String { SendMail.type }
        static var schemaVersion: Int { 2 }
        static var queue: String { SendMail.queue }
        static var policy: RetryPolicy { .standard }
    }
}
