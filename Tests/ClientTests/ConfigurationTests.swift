import Client
import Foundation
import Platform
import Testing

@Suite("Configuration of the client")
struct ConfigurationTests {
    private func with(_ content: String?, mode: Int = 0o600, _ body: (String) throws -> Void) throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-home-\(UUID())").path
        let folder = home + "/.config/sluice"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: home) }
        if let content {
            #expect(
                FileManager.default.createFile(
                    atPath: folder + "/client", contents: Data(content.utf8), attributes: [.posixPermissions: mode]))
        }
        try body(home)
    }

    private func failure(_ environment: [String: String], file: String? = nil) -> String? {
        do {
            _ = try ClientConfiguration(file: file, environment: environment)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("both from the environment, or both from the file")
    func sources() throws {
        try with("# mine\n\nurl = https://a.example\ntoken=slc_file\n") { home in
            let file = try ClientConfiguration(environment: ["HOME": home])
            #expect(file.address.origin == "https://a.example" && file.token.reveal() == "slc_file")
            #expect(file.stateFolder == home + "/.local/state/sluice")
            let other = try ClientConfiguration(environment: ["HOME": home, "SLUICE_URL": "https://b.example", "SLUICE_TOKEN": "slc_b"])
            #expect(other.address.origin == "https://b.example" && other.token.reveal() == "slc_b")
            // The token of one server is not shown to another.
            #expect(failure(["HOME": home, "SLUICE_URL": "https://b.example"])?.contains("SLUICE_TOKEN is not") == true)
            #expect(failure(["HOME": home, "SLUICE_TOKEN": "slc_b"])?.contains("SLUICE_URL is not") == true)
            let named = try ClientConfiguration(
                file: home + "/.config/sluice/client", environment: ["HOME": home, "SLUICE_TOKEN": "slc_b"])
            #expect(named.token.reveal() == "slc_file")
            let moved = ["HOME": "/nowhere", "XDG_CONFIG_HOME": home + "/.config", "XDG_STATE_HOME": "/state"]
            #expect(try ClientConfiguration(environment: moved).stateFolder == "/state/sluice")
        }
    }

    @Test("a token's own file is taken as it is, whoever may read it")
    func tokenFile() throws {
        try with("slc_file\n", mode: 0o644) { home in
            let environment = ["HOME": home, "SLUICE_URL": "https://b.example", "SLUICE_TOKEN_FILE": home + "/.config/sluice/client"]
            let configuration = try ClientConfiguration(environment: environment)
            #expect(configuration.token.reveal() == "slc_file")
        }
    }

    @Test("a file of another user is refused, with what to type", .enabled(if: geteuid() == 0))
    func owner() throws {
        try with("url=https://a.example\ntoken=slc_secret\n") { home in
            #expect(chown(home + "/.config/sluice/client", 1, 1) == 0)
            #expect(failure(["HOME": home])?.contains("chown 0 \(home)/.config/sluice/client") == true)
        }
    }

    @Test("a file that others may read is refused, with what to type", arguments: [0o644, 0o640, 0o604, 0o666, 0o610])
    func mode(mode: Int) throws {
        try with("url=https://a.example\ntoken=slc_secret\n", mode: mode) { home in
            let text = try #require(failure(["HOME": home]))
            #expect(text.contains("chmod 600 \(home)/.config/sluice/client"))
            #expect(!text.contains("slc_secret"))
        }
    }

    @Test(
        "what is wrong is told by its line, and never with the token",
        arguments: [
            ("url=https://a.example\ntoken=slc secret", "SLUICE_TOKEN"), ("url=ftp://a\ntoken=slc_secret", "SLUICE_URL"),
            ("url=http://far.example\ntoken=slc_secret", "SLUICE_URL"), ("url=https://a.example", "no line token"),
            ("token=slc_secret", "no line url"), ("url=https://a.example\ntoken=slc_secret\ntoken=slc_secret", "line 3"),
            ("url=https://a.example\ntokn=slc_secret", "line 2"), ("slc_secret", "line 1"), ("", "no line url"),
        ])
    func wrong(content: String, part: String) throws {
        try with(content) { home in
            let text = try #require(failure(["HOME": home]))
            #expect(text.contains(part), "\(text)")
            #expect(!text.contains("secret"))
        }
    }

    @Test("no file, a folder, another's variable")
    func absent() throws {
        try with(nil) { home in
            #expect(failure(["HOME": home])?.contains("No such file") == true)
            #expect(failure(["HOME": home], file: home)?.contains("is not a file") == true)
            #expect(failure([:])?.contains("HOME") == true)
            #expect(failure(["HOME": home, "SLUICE_TOKEM": "x"])?.contains("SLUICE_TOKEM") == true)
        }
    }
}
