import Accounts
import Foundation
import Jobs
import Platform
import TestSupport
import Testing
import Worker

/// From the login form to the inbox and back.
@Suite("A code's way", .requires(.postgres), .requires(.redis), .requires(.smtp), .timeLimit(.minutes(Patience.factor)))
struct MailPathTests {
    @Test("the code that is read from the mail signs in, and a mail asked for later is not sent")
    func signsIn() async throws {
        try await MailFixture.with { fixture in
            let (address, visitor) = (MailFixture.address(), Visitor(network: NetworkAddress("192.0.2.1"), device: "a browser"))
            let (password, sessions, signIn) = ("correct horse battery", fixture.signIn.sessions, fixture.signIn)
            _ = try await signIn.users.add(name: "miami", email: address, password: fixture.hasher.hash(Secret(password)))
            let session = sessions.open()
            let captcha = signIn.captchas.make(for: session)
            let letters = try #require(signIn.captchas.find(captcha, for: session)).letters
            let attempt = LoginAttempt(login: "miami", password: Secret(password), captcha: captcha, answer: letters)
            guard case .challenged(let waiting, let challenge) = try await signIn.begin(attempt, in: session, visitor) else {
                throw Unexpected()
            }
            try await fixture.working {
                try await eventually { try ReadMail.inMaildir(to: address).count == 1 }
            }
            let text = try #require(try ReadMail.inMaildir(to: address).first?.parts["text/plain"])
            let code = try #require(text.firstMatch(of: #/\n    (\d{6})\n/#)).1
            let job = SendMail(.loginCode, number: challenge.id.rawValue)
            let life = Double(job.number.milliseconds) / 1000 + SendMail.Kind.loginCode.usefulLife / .seconds(1)
            #expect(
                abs(challenge.expiresAt.timeIntervalSince1970 - life) < Double(5 * Patience.factor), "the job knows how long codes live")
            guard case .signedIn = try await signIn.confirm(String(code), in: waiting, visitor) else { throw Unexpected() }
            #expect(await fixture.send(job).isDone)
            #expect(try ReadMail.inMaildir(to: address).count == 1)
        }
    }

    private struct Unexpected: Error {}
}
