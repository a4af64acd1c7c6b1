import Platform
import Testing

struct MailSettingsTests {
    private static let key: String = "0123456789abcdef0123456789abcdef"
    private let base = [
        "SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1/sluice", "SLUICE_REDIS_URL": "redis://127.0.0.1:6379",
        "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1:2121", "SLUICE_STAGING": "/var/lib/sluice",
    ]
    private let mail: [String: String] = [
        "SLUICE_SMTP_URL": "smtp://u:p@127.0.0.1:2525?starttls=off", "SLUICE_MAIL_SENDER": "sluice@example.org",
        "SLUICE_PUBLIC_ADDRESS": "https://files.example.org", "SLUICE_SIGN_IN_KEY": Self.key,
    ]

    private func problems(_ changes: [String: String]) throws -> [String] {
        let environment = base.merging(mail) { $1 }.merging(changes) { $1 }
        do throws(SettingsError) {
            _ = try Settings.Worker(environment: environment, servesMail: true)
            return []
        } catch {
            #expect(!error.description.contains("hunter2"))
            return error.problems.map(\.name)
        }
    }

    @Test("a worker that serves mails needs all of their settings, told in one error; another one needs none") func needed() throws {
        #expect(try Settings.Worker(environment: base, servesMail: false).mail == nil)
        let error = try #require(throws: SettingsError.self) { try Settings.Worker(environment: base, servesMail: true) }
        #expect(error.problems.map(\.name).sorted() == mail.keys.sorted())
        let settings = try #require(Settings.Worker(environment: base.merging(mail) { $1 }, servesMail: true).mail)
        #expect(settings.server.port == 2525 && settings.server.query == ["starttls": "off"] && settings.certificateAuthority == nil)
        #expect(settings.sender == "sluice@example.org" && settings.signInKey == Secret(Self.key))
        #expect(settings.publicAddress.origin == "https://files.example.org")
    }

    @Test(
        "H74 a sender that is no plain address is refused",
        arguments: ["sluice", "@example.org", "a@b@c", "a b@c", "a@b,c@d", "Sluice <a@b>", "a@b\r\nBcc: c@d", "ä@b", "a@-b"])
    func sender(_ text: String) throws {
        #expect(try problems(["SLUICE_MAIL_SENDER": text]) == ["SLUICE_MAIL_SENDER"])
    }

    @Test("a short key is refused, and not shown") func key() throws {
        #expect(try problems(["SLUICE_SIGN_IN_KEY": "hunter2"]) == ["SLUICE_SIGN_IN_KEY"])
    }

    @Test(
        "H93 a public address is an origin, and without TLS only this machine's",
        arguments: [
            "files.example.org", "http://files.example.org", "ftp://127.0.0.1", "https://u:hunter2@h", "https://h/path", "https://h?a=b",
            "https://h#x", "https://", "https://h:0", "https://a b", "http://127.0.0.1.example.org", "https://h\r\nx",
        ])
    func publicAddress(_ text: String) throws {
        #expect(try problems(["SLUICE_PUBLIC_ADDRESS": text]) == ["SLUICE_PUBLIC_ADDRESS"])
    }

    @Test(
        "a public address in the form of browsers",
        arguments: [
            ("https://Files.example.org:443/", "https://files.example.org", false),
            ("http://localhost:8080", "http://localhost:8080", true),
            ("http://127.0.0.1:80", "http://127.0.0.1", true), ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", false),
            ("http://[::1]:8080", "http://[::1]:8080", true),
        ])
    func origin(_ text: String, _ origin: String, _ isLocal: Bool) {
        #expect(PublicAddress(text)?.origin == origin && PublicAddress(text)?.isLocal == isLocal)
    }
}
