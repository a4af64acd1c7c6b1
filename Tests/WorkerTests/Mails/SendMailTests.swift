import Accounts
import Foundation
import Jobs
import Logging
import Platform
import Postgres
import TestSupport
import Testing
import Worker

/// Against the mail sink of the local stack.
@Suite("Mails", .requires(.postgres), .requires(.redis), .requires(.smtp), .timeLimit(.minutes(2 * Patience.factor)))
struct SendMailTests {
    @Test("H76 the code that Accounts computes arrives in both forms, at the stored address")
    func code() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            let code = try #require(try await fixture.code(of: job))
            #expect(await fixture.send(job).isDone)
            let mails = try ReadMail.inMaildir(to: address)
            #expect(mails.count == 1)
            let mail = try #require(mails.first)
            #expect(mail.headers["from"] == "\"Sluice\" <sluice@example.org>" && mail.headers["to"] == address)
            #expect(mail.headers["subject"] == "Your code for Sluice")
            #expect(mail.headers["message-id"] == "<code-\(job.number)@example.org>")
            let text = try #require(mail.parts["text/plain"])
            #expect(text.contains("\n\n    \(code)\n\n") && text.contains("It works once, for 5 minutes, until "))
            #expect(mail.parts["text/html"]?.contains(">\(code)</p>") == true)
            #expect(mail.headers.values.allSatisfy { !$0.contains(code) })
        }
    }

    @Test("H93 a link to choose a password begins with the configured address, and works")
    func link() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            _ = try await fixture.user(address)
            try await fixture.working {
                _ = try await fixture.resets.request(login: address, visitor: Visitor(network: NetworkAddress("192.0.2.1")))
                try await eventually { try ReadMail.inMaildir(to: address).count == 1 }
            }
            let mail = try #require(try ReadMail.inMaildir(to: address).first)
            for part in ["text/plain", "text/html"] {
                let text = try #require(mail.parts[part])
                let token = try #require(text.firstMatch(of: #/https://files\.example\.org/password/reset\?token=([A-Za-z0-9_-]{43})\b/#))
                #expect(try await fixture.resets.maskedAddress(of: #require(OpaqueToken(token.1))) != nil)
                #expect(text.contains("for 30 minutes"))
            }
        }
    }

    @Test("ASVS 6.3.8 who registers with another's address has its owner told; with one that nobody has, nobody gets a mail")
    func registration() async throws {
        try await MailFixture.with { fixture in
            let (address, other) = (MailFixture.address(), MailFixture.address())
            _ = try await fixture.user(address, name: "ange")
            try await fixture.working {
                for email in [other, address] {
                    let form = Registration.Form(
                        name: "n\(UUIDv7())", email: email, fullName: "", password: Secret("correct horse battery"))
                    guard case .accepted = try await fixture.registration.register(form, network: NetworkAddress("192.0.2.1")) else {
                        Issue.record("the registration was refused")
                        return
                    }
                }
                try await eventually { try await fixture.queue.snapshot().done == 2 }
            }
            #expect(try ReadMail.inMaildir(to: other).isEmpty)
            let mail = try #require(try ReadMail.inMaildir(to: address).first)
            for part in ["text/plain", "text/html"] {
                let text = try #require(mail.parts[part])
                #expect(text.contains("ange") && text.contains("https://files.example.org/password/forgot"))
            }
        }
    }

    @Test("a mail that is sent twice, after a kill, is the same one to mail programs")
    func twice() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            for _ in 0..<2 { #expect(await fixture.send(job).isDone) }
            let mails = try ReadMail.inMaildir(to: address)
            #expect(mails.count == 2)
            #expect(Set(mails.map { $0.headers["message-id"] }).count == 1 && Set(mails.map { $0.headers["date"] }).count == 1)
            #expect(mails.first?.parts == mails.last?.parts)
        }
    }

    @Test("asked for many times, a mail is sent once, and a code's before a link's")
    func repeated() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            let jobs = MailJobs(client: fixture.redis)
            try await jobs.enqueue(SendMail(.resetLink, number: UUIDv7()))
            for _ in 0..<5 { try await jobs.enqueue(job) }
            #expect(try await fixture.queue.snapshot().ready == 2)
            let first = try await fixture.queue.cycle([], want: 1, direct: 1, lease: .milliseconds(1))
            #expect(first.entries.count == 1)
            #expect(String(decoding: first.entries[0], as: UTF8.self).contains("code-\(job.number)"))
            try await fixture.working {
                try await eventually { try await fixture.queue.snapshot().done == 2 }
            }
            #expect(try ReadMail.inMaildir(to: address).count == 1)
        }
    }

    @Test(
        "H79 a code that was used, replaced or has expired, or whose tries are spent, and one of a disabled user, is not mailed",
        arguments: [
            "UPDATE login_challenges SET used_at = now()", "UPDATE login_challenges SET voided_at = now()",
            "UPDATE login_challenges SET expires_at = now()", "UPDATE login_challenges SET tries = 5", "DELETE FROM login_challenges",
            "UPDATE users SET disabled_at = now()",
        ])
    func useless(_ change: String) async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            try await fixture.pool.execute(SQL(unsafeRaw: change))
            #expect(await fixture.send(job).isDone)
            #expect(try ReadMail.inMaildir(to: address).isEmpty)
        }
    }

    @Test("a link for an address that nobody has, or that was used, is not mailed, and its job ends")
    func nobody() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            _ = try await fixture.resets.request(login: address, visitor: Visitor(network: NetworkAddress("192.0.2.1")))
            try await fixture.working {
                try await eventually { try await fixture.queue.snapshot().done == 1 }
            }
            #expect(try ReadMail.inMaildir(to: address).isEmpty)
            #expect(await fixture.send(SendMail(.resetLink, number: UUIDv7())).isDone)
        }
    }

    @Test("nothing is sent under a lease that is lost")
    func fenced() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address))
            #expect(await fixture.send(job, isCurrent: { false }).delay == .zero)
            #expect(try ReadMail.inMaildir(to: address).isEmpty)
        }
    }

    @Test(
        "H74 names of users, whatever they hold, break nothing and are not in the mail",
        arguments: ["<b>bold</b>", "a\r\nBcc: evil@example.org", "\u{202E}Zoë 🎉", "{{code}}"])
    func names(_ name: String) async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            let job = try await fixture.challenge(of: fixture.user(address, fullName: name))
            #expect(await fixture.send(job).isDone)
            let mail = try #require(try ReadMail.inMaildir(to: address).first)
            #expect(mail.headers["bcc"] == nil && mail.headers["x-rcptto"] == address)
            #expect(mail.parts.values.allSatisfy { !$0.contains(name) } && mail.parts.count == 2)
        }
    }

    @Test(
        "H74 a stored address that is more than one plain address gets no mail, and its job ends with a reason that does not show it",
        arguments: ["a@b,evil@example.org", "a@b\r\nRCPT TO:<evil@example.org>", "<a@b>", "evil@example.org x", "evil@-example.org"])
    func addresses(_ address: String) async throws {
        try await MailFixture.with { fixture in
            let job = try await fixture.challenge(of: fixture.user(address))
            let reason = try #require(await fixture.send(job).lastWords)
            #expect(reason.contains("not a plain mail address") && !reason.contains("example.org"))
            #expect(try await fixture.delivery(of: job) == "refused")
            #expect(try ReadMail.inMaildir(to: "evil@example.org").isEmpty)
        }
    }

    @Test("the job knows how long links live")
    func linkLives() async throws {
        try await MailFixture.with { fixture in
            let address = MailFixture.address()
            _ = try await fixture.user(address)
            let (before, visitor) = (Date(), Visitor(network: NetworkAddress("192.0.2.1")))
            _ = try await fixture.resets.request(login: address, visitor: visitor)
            let reply = try await fixture.queue.cycle([], want: 1, direct: 1, lease: .seconds(60))
            let entry = String(decoding: try #require(reply.entries.first), as: UTF8.self)
            let number = try #require(entry.firstMatch(of: #/reset-([0-9a-f-]{36})/#)).1
            let id = PasswordResetID(rawValue: try #require(UUIDv7(String(number))))
            let mail = try #require(try await fixture.resets.mail(for: id))
            let life = SendMail.Kind.resetLink.usefulLife / .seconds(1)
            #expect(abs(mail.expiresAt.timeIntervalSince(before) - life) < 30)
        }
    }
}
