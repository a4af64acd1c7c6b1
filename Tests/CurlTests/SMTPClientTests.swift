import Curl
import Logging
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct SMTPClientTests {
    private func with(
        tls: Bool = false, requiresAuthentication: Bool = false, configure: (inout SMTPConfiguration) -> Void = { _ in },
        _ body: (SMTPClient, SMTPServerProcess) async throws -> Void
    ) async throws {
        let server = try SMTPServerProcess(tls: tls, requiresAuthentication: requiresAuthentication)
        var configuration = SMTPConfiguration(
            host: "127.0.0.1", port: server.port, requiresTLS: tls, certificateAuthority: tls ? server.certificate : nil)
        configuration.responseTimeout = .seconds(5).stretched
        configure(&configuration)
        let engine = CurlEngine(logger: Logger(label: "test"))
        let client = try SMTPClient(engine: engine, configuration: configuration, logger: Logger(label: "test"))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(client, server))
        } catch {
            result = .failure(error)
        }
        await engine.close()
        try result.get()
    }

    private func failure(_ client: SMTPClient) async throws -> SMTPError? {
        do {
            try await client.send(MailTests.message())
            return nil
        } catch let error as SMTPError {
            return error
        }
    }

    @Test("H75 a message arrives byte for byte, with dots at line starts", arguments: [false, true])
    func arrives(tls: Bool) async throws {
        try await with(tls: tls) { client, server in
            let message = try MailTests.message(text: ".\n..\n.x\nend\n.", html: "<p>.\n.</p>")
            try await client.send(message)
            let received = try server.received()
            #expect(received.count == 1)
            #expect(received.first?.content == message.encoded())
            #expect(received.first?.sender == "sluice@example.org")
            #expect(received.first?.recipients == ["user@example.org"])
            #expect(received.first?.isEncrypted == tls)
        }
    }

    @Test("connections are kept and few")
    func connections() async throws {
        try await with(configure: { $0.maximumConnections = 2 }) { client, server in
            let message = try MailTests.message()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await client.send(message) } }
                try await group.waitForAll()
            }
            let received = try server.received()
            #expect(received.count == 20)
            #expect(Set(received.map(\.clientPort)).count <= 2)
        }
    }

    @Test("AUTH with a user")
    func authenticates() async throws {
        try await with(
            tls: true, requiresAuthentication: true,
            configure: {
                $0.user = "test"
                $0.password = Secret("test")
            }
        ) { client, server in
            try await client.send(MailTests.message())
            #expect(try server.received().first?.isAuthenticated == true)
        }
    }

    @Test("a wrong password is the configuration's fault: unavailable")
    func wrongPassword() async throws {
        try await with(
            tls: true, requiresAuthentication: true,
            configure: {
                $0.user = "test"
                $0.password = Secret("wrong")
            }
        ) { client, server in
            let error = try await failure(client)
            #expect(error?.disposition == .unavailable)
            #expect(try server.received().isEmpty)
        }
    }

    @Test("H68 a server that offers no STARTTLS gets no message")
    func downgrade() async throws {
        try await with(configure: { $0.requiresTLS = true }) { client, server in
            let error = try await failure(client)
            #expect(error?.disposition == .unavailable)
            #expect(try server.received().isEmpty)
        }
    }

    @Test("H68 a certificate that nobody vouches for")
    func untrusted() async throws {
        try await with(tls: true, configure: { $0.certificateAuthority = nil }) { client, server in
            let error = try await failure(client)
            #expect(error?.disposition == .unavailable)
            #expect(try server.received().isEmpty)
        }
    }

    @Test(
        "H77 refusals are sorted by their code and name no address",
        arguments: [
            (#"{"rcpt": "450 4.2.0 user@example.org greylisted"}"#, SMTPError.Disposition.retry, 450),
            (#"{"rcpt": "550 5.1.1 user@example.org unknown"}"#, .fatal, 550), (#"{"mail": "451 Later."}"#, .retry, 451),
            (#"{"data": "554 5.7.1 Spam."}"#, .fatal, 554), (#"{"data": "452 Full."}"#, .retry, 452),
            (#"{"mail": "421 Closing."}"#, .unavailable, 421),
        ])
    func refusals(_ faults: String, _ expected: SMTPError.Disposition, _ code: Int) async throws {
        try await with { client, server in
            try server.misbehave(faults)
            let error = try await failure(client)
            #expect(error?.disposition == expected)
            #expect(error?.replyCode == code)
            #expect(error?.description.contains("user@") == false)
            try server.misbehave("{}")
            try await client.send(MailTests.message())
            #expect(try server.received().count == 1, "the client works on")
        }
    }

    @Test("H72 a silent server runs into the response timeout", arguments: [#"{"hang": true}"#, #"{"hold_banner": true}"#])
    func silent(_ faults: String) async throws {
        try await with(configure: { $0.responseTimeout = .seconds(1).stretched }) { client, server in
            try server.misbehave(faults)
            let error = try await failure(client)
            #expect(error?.disposition == .unavailable)
        }
    }

    @Test("nobody listens: unavailable")
    func gone() async throws {
        try await with { client, server in
            server.stop()
            let error = try await failure(client)
            #expect(error?.disposition == .unavailable)
        }
    }

    @Test("H30 configuration with control characters is refused", arguments: ["a\r\nb", "a\0"])
    func configuration(_ text: String) {
        let engine = CurlEngine(logger: Logger(label: "test"))
        for (host, user) in [(text, "u"), ("localhost", text), ("a/b", "u"), ("a@b", "u"), ("", "u")] {
            let configuration = SMTPConfiguration(host: host, user: user, password: Secret("p"), requiresTLS: false)
            #expect(throws: SMTPError.self) { try SMTPClient(engine: engine, configuration: configuration, logger: Logger(label: "test")) }
        }
    }
}
