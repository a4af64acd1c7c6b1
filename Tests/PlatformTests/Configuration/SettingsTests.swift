import Foundation
import Logging
import Platform
import Testing

struct SettingsTests {
    private let base = [
        "SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1/sluice", "SLUICE_REDIS_URL": "redis://127.0.0.1:6379",
        "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1:2121", "SLUICE_STAGING": "/var/lib/sluice", "PATH": "/bin",
        "SLUICE_PUBLIC_ADDRESS": "https://files.example.org", "SLUICE_SIGN_IN_KEY": String(repeating: "k", count: 32),
    ]

    private func with(_ changes: [String: String]) -> [String: String] { base.merging(changes) { $1 } }

    @Test("The required settings suffice, and the rest has the documented defaults") func defaults() throws {
        let web = try Settings.Web(environment: base)
        #expect(web.database.url.path == "/sluice" && web.database.connections == 8)
        #expect(web.redis.port == 6379 && web.connections == 16384)
        #expect(web.staging.directory == "/var/lib/sluice" && web.staging.area == "default" && web.staging.reserve == 268_435_456)
        #expect(web.uploads.maximumFileSize == 107_374_182_400 && web.uploads.maximumFilesPerRequest == 1000)
        #expect(web.uploads.parallelPerUser == 64 && web.uploads.minimumRate == 1024 && web.uploads.idleTimeout == .seconds(60))
        #expect(web.listen == ListenAddress(host: "127.0.0.1", port: 8080) && web.probe == ListenAddress(host: "127.0.0.1", port: 9090))
        #expect(web.accelPrefix == "/_stored/" && web.drainTimeout == .seconds(10) && web.logLevel == .info)
        #expect(web.sessions.idle == .seconds(900) && web.sessions.lifetime == .seconds(43200))
        #expect(web.address.origin == "https://files.example.org" && web.trustedProxies == 0 && !web.isDemo)
        let worker = try Settings.Worker(environment: base, servesMail: false)
        #expect(worker.ftp.url.port == 2121 && worker.ftp.certificateAuthority == nil && worker.probe.port == 9091)
        #expect(worker.maintenance.partAge == .seconds(86400) && worker.maintenance.orphanAge == .seconds(3600))
        #expect(worker.maintenance.reconcileInterval == .seconds(30))
        #expect(try Settings.CLI(environment: base).stagingArea == "default")
    }

    @Test("Each role requires its own settings only") func roles() throws {
        let cli = base.filter { $0.key == "SLUICE_DATABASE_URL" || $0.key == "SLUICE_REDIS_URL" }
        _ = try Settings.CLI(environment: cli)
        _ = try Settings.Queues(environment: cli.filter { $0.key == "SLUICE_REDIS_URL" })
        #expect(names { try Settings.Web(environment: cli) } == ["SLUICE_PUBLIC_ADDRESS", "SLUICE_SIGN_IN_KEY", "SLUICE_STAGING"])
        #expect(names { try Settings.Worker(environment: cli, servesMail: false) } == ["SLUICE_FTP_URL", "SLUICE_STAGING"])
    }

    @Test("Everything that is missing, wrong or unknown is reported in one error") func together() throws {
        let environment = [
            "SLUICE_DATABASE_URL": "mysql://h", "SLUICE_STAGING": "relative", "SLUICE_LISTEN": "8080", "SLUICE_MAX_FILE_SIZE": "lots",
            "SLUICE_DATABASE_CONNECTIONS": "0", "SLUICE_LOG_LEVEL": "loud", "SLUICE_IDLE_TIMEOUT": "60", "SLUICE_STAGEING": "/x",
        ]
        let expected = [
            "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL", "SLUICE_PUBLIC_ADDRESS", "SLUICE_SIGN_IN_KEY", "SLUICE_STAGING", "SLUICE_LISTEN",
            "SLUICE_MAX_FILE_SIZE", "SLUICE_DATABASE_CONNECTIONS", "SLUICE_LOG_LEVEL", "SLUICE_IDLE_TIMEOUT", "SLUICE_STAGEING",
        ]
        let error = try #require(throws: SettingsError.self) { try Settings.Web(environment: environment) }
        #expect(error.problems.map(\.name) == expected)
        for name in expected { #expect(error.description.contains(name)) }
        #expect(SettingsError.exitCode == 78)
    }

    @Test("An unknown name gets a hint when a known one is near, and settings of tests are let pass") func unknown() throws {
        let environment = with([
            "SLUICE_REDDIS_URL": "x", "SLUICE_ENTIRELY_ELSEWHERE": "x", "SLUICE_TEST_REDIS": "x", "SLUICE_STAGING_FILE": "x",
        ])
        let error = try #require(throws: SettingsError.self) { try Settings.CLI(environment: environment) }
        let reasons = Dictionary(uniqueKeysWithValues: error.problems.map { ($0.name, $0.reason) })
        #expect(reasons["SLUICE_REDDIS_URL"] == "is not a setting; did you mean SLUICE_REDIS_URL?")
        #expect(reasons["SLUICE_ENTIRELY_ELSEWHERE"] == "is not a setting")
        #expect(reasons["SLUICE_STAGING_FILE"] != nil, "only secrets come from files")
        #expect(reasons.count == 3)
    }

    @Test("No message shows a secret, and none can break a line") func safety() throws {
        let environment = with([
            "SLUICE_DATABASE_URL": "postgres://u:hunter2@h:x", "SLUICE_REDIS_URL": "hunter2", "SLUICE_LISTEN": "a\r\n\u{1B}[31mb",
            "SLUICE_X\nY": "1",
        ])
        let error = try #require(throws: SettingsError.self) { try Settings.Web(environment: environment) }
        #expect(error.problems.count == 4)
        #expect(!error.description.contains("hunter2"))
        #expect(error.description.split(separator: "\n").count == 5)
        #expect(!error.description.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\r" })
    }

    @Test("A secret may come from a file, without its last line break") func files() throws {
        let path = FileManager.default.temporaryDirectory.path + "/sluice-\(UUIDv7())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("redis://:hunter2@elsewhere\n".utf8).write(to: URL(fileURLWithPath: path))
        var environment = with(["SLUICE_REDIS_URL_FILE": path, "SLUICE_REDIS_URL": ""])
        let settings = try Settings.CLI(environment: environment)
        #expect(settings.redis.host == "elsewhere" && settings.redis.password == Secret("hunter2"))
        environment["SLUICE_REDIS_URL"] = "redis://h"
        #expect(names { try Settings.CLI(environment: environment) } == ["SLUICE_REDIS_URL"], "both are set")
        environment = with(["SLUICE_REDIS_URL_FILE": path + "-missing", "SLUICE_REDIS_URL": ""])
        #expect(names { try Settings.CLI(environment: environment) } == ["SLUICE_REDIS_URL"])
        environment["SLUICE_REDIS_URL_FILE"] = "/tmp"
        #expect(names { try Settings.CLI(environment: environment) } == ["SLUICE_REDIS_URL"], "a directory")
    }

    @Test(
        "Sizes have binary and decimal units",
        arguments: [
            ("1", 1 as Int64), ("512B", 512), ("10MiB", 10_485_760), ("10mib", 10_485_760), ("2GB", 2_000_000_000),
            ("3TiB", 3_298_534_883_328),
        ]) func sizes(text: String, bytes: Int64) throws
    {
        #expect(try Settings.Web(environment: with(["SLUICE_MAX_FILE_SIZE": text])).uploads.maximumFileSize == bytes)
    }

    @Test(
        "Durations need a unit",
        arguments: [
            ("1s", Duration.seconds(1)), ("1500ms", .milliseconds(1500)), ("10m", .seconds(600)), ("24h", .seconds(86400)),
            ("1d", .seconds(86400)),
        ])
    func durations(text: String, duration: Duration) throws {
        #expect(try Settings.Web(environment: with(["SLUICE_IDLE_TIMEOUT": text])).uploads.idleTimeout == duration)
    }

    @Test("Rules of types are kept as they were written, and compared in lower case")
    func typeRules() throws {
        let types = try Settings.Web(environment: with(["SLUICE_TYPES_DENY": ".PHP, image/*,text/HTML, magic:EICAR virus"])).types
        #expect(types.deny.map(\.description) == [".PHP", "image/*", "text/HTML", "magic:EICAR virus"])
        #expect(
            types.deny.map(\.kind) == [
                .suffix("php"), .type("image", subtype: nil), .type("text", subtype: "html"), .words("eicar virus"),
            ])
        #expect(types.allow.isEmpty && !types.mustMatch)
    }

    @Test(
        "Values out of form or range are refused",
        arguments: [
            ("SLUICE_MAX_FILE_SIZE", "0"), ("SLUICE_MAX_FILE_SIZE", "-1"), ("SLUICE_MAX_FILE_SIZE", "1.5GiB"),
            ("SLUICE_MAX_FILE_SIZE", "9223372036854775808"),
            ("SLUICE_MAX_FILE_SIZE", "9999999TiB"), ("SLUICE_MAX_FILE_SIZE", "10M"), ("SLUICE_MAX_FILE_SIZE", "١MiB"),
            ("SLUICE_MAX_FILE_SIZE", "GiB"),
            ("SLUICE_IDLE_TIMEOUT", "0s"), ("SLUICE_IDLE_TIMEOUT", "2d"), ("SLUICE_IDLE_TIMEOUT", "s"), ("SLUICE_IDLE_TIMEOUT", "5 s"),
            ("SLUICE_IDLE_TIMEOUT", "9223372036854775807d"), ("SLUICE_DATABASE_CONNECTIONS", "257"), ("SLUICE_DATABASE_CONNECTIONS", "1e2"),
            ("SLUICE_UPLOADS_PER_USER", "0"), ("SLUICE_LISTEN", "127.0.0.1:65536"), ("SLUICE_LISTEN", "[::1:80"), ("SLUICE_LISTEN", ":80"),
            ("SLUICE_LISTEN", "[zz]:80"), ("SLUICE_LISTEN", "a b:80"), ("SLUICE_LISTEN", "::1:80"), ("SLUICE_STAGING_AREA", "a/b"),
            ("SLUICE_STAGING_AREA", "A"),
            ("SLUICE_STAGING_AREA", "{x}"), ("SLUICE_STAGING", "/a\nb"), ("SLUICE_ACCEL_PREFIX", "/"), ("SLUICE_ACCEL_PREFIX", "/a"),
            ("SLUICE_ACCEL_PREFIX", "/a/../b/"), ("SLUICE_ACCEL_PREFIX", "//"), ("SLUICE_ACCEL_PREFIX", "/a\r\nb/"),
            ("SLUICE_REDIS_URL", "ftp://h"), ("SLUICE_DEMO", "yes"), ("SLUICE_TRUSTED_PROXIES", "-1"), ("SLUICE_SESSION_IDLE", "0s"),
            ("SLUICE_TYPES_DENY", "php"), ("SLUICE_TYPES_DENY", ".a,,.b"), ("SLUICE_TYPES_DENY", "."), ("SLUICE_TYPES_DENY", "image/"),
            ("SLUICE_TYPES_ALLOW", "*/png"), ("SLUICE_TYPES_ALLOW", "a/b/c"), ("SLUICE_TYPES_ALLOW", "magic:"),
            ("SLUICE_TYPES_ALLOW", ".é"),
            ("SLUICE_SIGN_IN_KEY", "short"), ("SLUICE_PUBLIC_ADDRESS", "http://files.example.org"),
        ]) func refusals(name: String, value: String)
    {
        #expect(names { try Settings.Web(environment: with([name: value])) } == [name])
    }

    @Test("The users of the demonstration are for loopback only")
    func demo() throws {
        #expect(names { try Settings.Web(environment: with(["SLUICE_DEMO": "1"])) } == ["SLUICE_DEMO"])
        for address in ["http://127.0.0.1:8080", "http://localhost", "https://[::1]:8443"] {
            #expect(try Settings.Web(environment: with(["SLUICE_DEMO": "1", "SLUICE_PUBLIC_ADDRESS": address])).isDemo)
        }
    }

    @Test("The certificate file must be readable") func certificate() throws {
        #expect(
            names { try Settings.Worker(environment: with(["SLUICE_FTP_CA": "/nonexistent.pem"]), servesMail: false) } == ["SLUICE_FTP_CA"])
        let worker = try Settings.Worker(environment: with(["SLUICE_FTP_CA": "/etc/passwd"]), servesMail: false)
        #expect(worker.ftp.certificateAuthority == "/etc/passwd")
    }

    @Test("Every default of the table passes its own check, and names and texts are sound") func table() {
        #expect(Set(SettingsTable.keys.map(\.name)).count == SettingsTable.keys.count)
        for key in SettingsTable.keys {
            #expect(key.name.wholeMatch(of: /SLUICE_[A-Z]+(_[A-Z]+)*/) != nil)
            #expect(!key.roles.isEmpty && !key.documentation.isEmpty && !key.documentation.contains("|"))
            // Where the client finds Web is an address without a password.
            let isSecret = ["_URL", "_KEY", "_TOKEN"].contains(where: key.name.hasSuffix) && key.name != "SLUICE_URL"
            #expect(key.isSecret == isSecret)
            #expect(SettingsTable.markdown.contains("| `\(key.name)`"))
        }
    }

    @Test("The table in the README is the one the code has") func readme() throws {
        let path = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/") + "/README.md"
        let text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
        #expect(text.contains(SettingsTable.markdown), "regenerate the table of settings in README.md from SettingsTable.markdown")
    }

    /// The names of the settings that an initialiser complains about.
    private func names(_ read: () throws -> some Any) -> [String] {
        do {
            _ = try read()
            return []
        } catch {
            return (error as? SettingsError)?.problems.map(\.name) ?? ["\(error)"]
        }
    }
}
