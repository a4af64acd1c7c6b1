import Curl
import Logging
import Platform
import TestSupport
import Testing

/// A connection that was opened under one set of rules is never used under another (row 69).
@Suite struct FTPPoolTests {
    private func configuration(_ fixture: FTPFixture, requiresTLS: Bool, authority: String?) -> FTPConfiguration {
        FTPConfiguration(
            host: "127.0.0.1", port: fixture.server.port, user: fixture.server.user, password: Secret(fixture.server.password),
            requiresTLS: requiresTLS, certificateAuthority: authority)
    }

    private func publish(_ key: String, with client: FTPClient, _ fixture: FTPFixture) async throws {
        let (path, bytes) = try fixture.file(size: 1000)
        try await client.publish(
            file: path, size: Int64(bytes.count), as: key, temporaryName: key + ".1.part", isCurrent: { true })
    }

    @Test("H69 a client that requires TLS does not take the open connection of one that does not")
    func plain() async throws {
        try await FTPFixture.with(.hostile(tls: true)) { fixture in
            let logger = Logger(label: "test")
            let plain = try FTPClient(
                engine: fixture.engine, configuration: configuration(fixture, requiresTLS: false, authority: nil), logger: logger)
            try await publish("plain", with: plain, fixture)
            try fixture.server.misbehave(#"{"no_tls": true}"#)
            await #expect(throws: FTPError.self) { try await publish("secret", with: fixture.client, fixture) }
            #expect(fixture.server.files == ["plain"], "nothing went over the open connection")
            try await publish("plain-2", with: plain, fixture)
        }
    }

    @Test("H69 a client that trusts another authority does not take the open connection of one that trusts this server's")
    func authority() async throws {
        try await FTPFixture.with(.vsftpd(tls: true)) { fixture in
            try await publish("trusted", with: fixture.client, fixture)
            let strict = try FTPClient(
                engine: fixture.engine, configuration: configuration(fixture, requiresTLS: true, authority: nil),
                logger: Logger(label: "test"))
            await #expect(throws: FTPError.self) { try await publish("other", with: strict, fixture) }
            #expect(fixture.server.files == ["trusted"])
        }
    }
}
