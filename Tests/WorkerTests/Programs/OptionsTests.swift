import Foundation
import Jobs
import Platform
import TestSupport
import Testing
import Worker

@Suite("Worker options")
struct OptionsTests {
    @Test("a queue and how many of its jobs at a time")
    func queue() {
        #expect(Options.QueueOption(argument: "transfer=32") == .init(name: "transfer", concurrency: 32))
        #expect(Options.QueueOption(argument: "delete=1") == .init(name: "delete", concurrency: 1))
        #expect(Options.QueueOption(argument: "maintenance=1024")?.concurrency == 1024)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "transfer", "transfer=", "=4", "transfer=0", "transfer=-1", "transfer=1025", "transfer=99999999999999999999",
            "transfer=4=4",
            "transfer = 4", "transfer=four", "Transfer=4", "mails=4", "transfer=4 ",
        ])
    func refused(text: String) {
        #expect(Options.QueueOption(argument: text) == nil)
    }

    @Test("without options every queue is served")
    func standard() {
        #expect(Options.standard.map(\.name).sorted() == Options.served.sorted())
    }

    @Test(
        "the program ends with a message when its arguments or settings are wrong",
        arguments: [
            (["--queue", "mails=4"], Int32(64), "mails=4"), (["--queue", "transfer=1", "--queue", "transfer=2"], 64, "twice"),
            ([], 78, "SLUICE_DATABASE_URL"), ([], 78, "SLUICE_SIGN_IN_KEY"), (["--queue", "mail=1"], 78, "SLUICE_SMTP_URL"),
        ])
    func program(arguments: [String], status: Int32, message: String) async throws {
        let program = try await Program.run("Worker", arguments)
        #expect(program.status == status)
        #expect(program.errors.contains(message))
    }

    @Test("the help calls the program by its name")
    func help() async throws {
        let program = try await Program.run("Worker", ["--help"])
        #expect(program.status == 0 && program.output.contains("USAGE: Worker ") && program.output.contains("--queue <queue>"))
    }

    @Test("a worker that cannot start says why and exits; it does not crash")
    func start() async throws {
        let folder = "/tmp/sluice-start-\(UUIDv7())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("elsewhere\n".utf8).write(to: URL(fileURLWithPath: folder + "/area"))
        let program = try await Program.run(
            "Worker", ["--queue", "transfer=1"],
            environment: [
                "SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1/d", "SLUICE_REDIS_URL": "redis://127.0.0.1",
                "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1", "SLUICE_STAGING": folder,
            ])
        #expect(program.status == 1)
        #expect((program.output + program.errors).contains("this is staging area elsewhere"))
    }
}
