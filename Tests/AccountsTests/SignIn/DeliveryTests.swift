import Accounts
import Platform
import Postgres
import TestSupport
import Testing

@Suite("What became of a mail", .requires(.postgres))
struct DeliveryTests {
    @Test("H77 the session that awaits the code is told, no other one is, and of another code the next mail's outcome counts")
    func told() async throws {
        try await SignInFixture.with { fixture in
            _ = (try await fixture.member(), try await fixture.member("student"))
            let session = try await fixture.awaiting()
            let first = fixture.mails.items[0]
            let others = [
                fixture.signIn.sessions.open(), try await fixture.awaiting("student", from: .elsewhere()),
            ]
            #expect(try await fixture.signIn.challenge(of: session)?.delivery == nil)
            for delivery in [MailDelivery.delayed, .accepted, .refused] {
                try await fixture.signIn.note(delivery, of: first)
                #expect(try await fixture.signIn.challenge(of: session)?.delivery == delivery)
                for other in others { #expect(try await fixture.signIn.challenge(of: other)?.delivery == nil) }
            }
            try await fixture.passMinute()
            guard case .sent(let next) = try await fixture.signIn.resend(in: session, .somewhere) else { throw SignInFixture.Unexpected() }
            #expect(next.delivery == nil)
            try await fixture.signIn.note(.refused, of: first)
            #expect(try await fixture.signIn.challenge(of: session)?.delivery == nil)
        }
    }

    @Test("H77 a mail that nobody has told anything of after 15 seconds is late, such as when no worker runs")
    func late() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            try await fixture.pool.execute("UPDATE login_challenges SET created_at = now() - interval '5 seconds'")
            #expect(try await fixture.signIn.challenge(of: session)?.delivery == nil)
            try await fixture.pool.execute("UPDATE login_challenges SET created_at = now() - interval '16 seconds'")
            #expect(try await fixture.signIn.challenge(of: session)?.delivery == .delayed)
            try await fixture.signIn.note(.accepted, of: fixture.mails.items[0])
            #expect(try await fixture.signIn.challenge(of: session)?.delivery == .accepted)
        }
    }
}
