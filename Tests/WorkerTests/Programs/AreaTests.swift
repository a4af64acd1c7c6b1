import DatabaseSupport
import Files
import Foundation
import Platform
import Postgres
import TestSupport
import Testing

/// Programs on disks of their own that have one name for them.
@Suite("sluice area", .requires(.postgres), .timeLimit(.minutes(3 * Patience.factor)))
struct AreaTests {
    @Test("of two Webs with one name, a folder of its own each, the second refuses, and says why; so does a worker; until it is registered")
    func programs() async throws {
        try await TestDatabase.migrated { database in
            try await Self.withFolders(2) { folders in
                let web = try ChildProcess(["\(Program.folder)/Web"], environment: Self.environment(database, folders[0]))
                defer { web.kill() }
                let first = try await Self.registered(database)
                #expect(first.instance.description == (try Self.instance(folders[0])))
                for command in [["Web"], ["Worker", "--queue", "transfer=1"]] {
                    let refusal = try await Self.refusal(
                        ["\(Program.folder)/\(command[0])"] + command.dropFirst(), Self.environment(database, folders[1]))
                    let own = try Self.instance(folders[1])
                    for words in [own, "staging area default is another one, \(first.instance)", "`sluice area register default \(own)`"] {
                        #expect(refusal?.contains(words) == true, "\(command): \(refusal ?? "it went on")")
                    }
                }
                #expect(web.isRunning)

                let own = try Self.instance(folders[1])
                let warned = try await Self.sluice(database, "register", "default", own)
                #expect(warned.status == 1 && warned.errors.contains("\(first.instance)") && warned.errors.contains("--replace"))
                #expect(warned.errors.contains("0 files (0 bytes) and 0 resumable uploads"))
                #expect(try await Self.registered(database).instance == first.instance)
                let done = try await Self.sluice(database, "register", "default", own, "--replace")
                #expect(done.status == 0 && done.output == "registered\tdefault\t\(own)\tgiven up\t0\t0\t0\n")
                web.kill()
                let second = try ChildProcess(["\(Program.folder)/Web"], environment: Self.environment(database, folders[1]))
                defer { second.kill() }
                let refusal = try await Self.refusal(["\(Program.folder)/Web"], Self.environment(database, folders[0]))
                #expect(refusal?.contains("staging area default is another one, \(own)") == true && second.isRunning)
            }
        }
    }

    @Test("register takes a free name, and again; ls shows it; what is no id is refused")
    func commands() async throws {
        try await TestDatabase.migrated { database in
            #expect(try await Self.sluice(database, "ls").output.isEmpty)
            let id = UUIDv7().description
            for _ in 0..<2 {
                let registered = try await Self.sluice(database, "register", "node-1", id)
                #expect(registered.status == 0 && registered.output == "registered\tnode-1\t\(id)\n")
            }
            let list = try await Self.sluice(database, "ls").output.split(separator: "\t")
            #expect(list.count == 6 && list.prefix(2) == ["node-1", id[...]] && list.suffix(3) == ["0", "0", "0\n"])
            for wrong in ["", "default", String(id.dropLast())] {
                #expect(try await Self.sluice(database, "register", "node-2", wrong).status == 64)
            }
        }
    }

    @Test(
        "a Web on a disk that takes no writes starts if the disk has its id, and says what it cannot write if not", .enabled(if: canMount))
    func readOnly() async throws {
        try await TestDatabase.migrated { database in
            try await Self.withFolders(1) { folders in
                let threads = BlockingPool(name: "staging", size: 1)
                try StagingArea(configuration: StagingConfiguration(root: folders[0], areaID: "default"), pool: threads).prepare()
                await threads.shutDown()
                let line = """
                    mount --make-rprivate / && mount --bind \(folders[0]) \(folders[0]) && mount -o remount,ro,bind \(folders[0]) \
                    && exec \(Program.folder)/Web
                    """
                let environment = Self.environment(database, folders[0]).merging(["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]) { $1 }
                let command = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", line]
                let web = try ChildProcess(command, environment: environment)
                defer { web.kill() }
                _ = try await Self.registered(database)
                web.kill()
                unlink(folders[0] + "/instance")
                let refusal = try await Self.refusal(command, environment)
                let words = "the file `instance` in the staging directory: open: Read-only file system"
                #expect(refusal?.contains(words) == true, "\(refusal ?? "it went on")")
            }
        }
    }

    /// Whether this user may mount in a namespace of its own.
    private static let canMount = (try? ChildProcess(["/usr/bin/unshare", "-m", "/bin/true"]).wait()) == 0

    private static func withFolders(_ count: Int, _ body: ([String]) async throws -> Void) async throws {
        let folders = (0..<count).map { _ in "/tmp/sluice-area-\(UUIDv7())" }
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        try await body(folders)
    }

    private static func environment(_ database: TestDatabase, _ folder: String) -> [String: String] {
        [
            "SLUICE_DATABASE_URL": database.url, "SLUICE_REDIS_URL": "redis://127.0.0.1:1", "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1:1",
            "SLUICE_STAGING": folder, "SLUICE_PUBLIC_ADDRESS": "http://127.0.0.1", "SLUICE_LISTEN": "127.0.0.1:0",
            "SLUICE_SIGN_IN_KEY": String(repeating: "k", count: 32), "SLUICE_WEB_PROBE": "127.0.0.1:0",
            "SLUICE_WORKER_PROBE": "127.0.0.1:0",
        ]
    }

    /// What a program says that ends with status 1 soon; nil of one that does not.
    private static func refusal(_ command: [String], _ environment: [String: String]) async throws -> String? {
        let log = "/tmp/sluice-area-\(UUIDv7()).log"
        defer { unlink(log) }
        let program = try ChildProcess(command, environment: environment, output: .file(log), errors: nil)
        defer { program.kill() }
        let deadline = ContinuousClock.now + Duration.seconds(20).stretched
        while program.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        guard !program.isRunning, program.wait() == 1 else { return nil }
        return try String(contentsOfFile: log, encoding: .utf8)
    }

    /// What the database says, once it says something.
    private static func registered(_ database: TestDatabase) async throws -> AreaEntry {
        var entry: AreaEntry?
        try await TestDatabase.withPool(database.configuration) { pool in
            try await eventually {
                entry = try await AreaRegister(pool: pool).list().first { $0.name == "default" }
                return entry != nil
            }
        }
        return try #require(entry)
    }

    private static func instance(_ folder: String) throws -> String {
        try String(contentsOfFile: folder + "/instance", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    private static func sluice(_ database: TestDatabase, _ arguments: String...) async throws -> Program {
        try await Program.run(
            "sluice", ["area"] + arguments, environment: ["SLUICE_DATABASE_URL": database.url, "SLUICE_REDIS_URL": "redis://127.0.0.1:1"])
    }
}
