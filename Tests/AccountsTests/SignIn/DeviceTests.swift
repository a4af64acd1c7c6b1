import Accounts
import Cryptography
import Platform
import Postgres
import Redis
import TestSupport
import Testing

@Suite("Known browsers", .requires(.postgres))
struct DeviceTests {
    @Test("H86 a browser that two users share stays known to both, however often they take turns, by one cookie and two rows")
    func shared() async throws {
        try await SignInFixture.with { fixture in
            let users = [try await fixture.member(), try await fixture.member("student")]
            let device = try #require(try await fixture.enter("miami").device)
            for name in ["student", "miami", "student", "miami"] {
                #expect(try await fixture.enter(name, from: .elsewhere(device: device)).device == nil)
            }
            let rows = try await fixture.pool.query("SELECT count(*) AS n, count(DISTINCT sha256) AS cookies FROM known_devices")
            #expect(try rows[0].decode("n", as: Int.self) == 2 && rows[0].decode("cookies", as: Int.self) == 1)
            // Guesses from elsewhere keep neither of them out.
            for user in users {
                try await fixture.fill("user:user:\(user.id)", 50)
                guard case .refused = try await fixture.begin(user.name, from: .elsewhere()),
                    case .challenged = try await fixture.begin(user.name, from: .elsewhere(device: device))
                else { throw SignInFixture.Unexpected() }
            }
        }
    }

    @Test("H86 a cookie that nobody has signed in with becomes nobody's: the browser gets another one")
    func invented() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let invented = OpaqueToken()
            let device = try #require(try await fixture.enter(from: .elsewhere(device: invented)).device)
            #expect(device != invented)
            let rows = try await fixture.pool.query("SELECT sha256 FROM known_devices")
            #expect(try rows.map { try $0.decode("sha256", as: [UInt8].self) } == [device.digest.bytes])
        }
    }
}
