import Foundation
import TestSupport
import Testing

/// The program, a fake server for it, and a folder that is its home.
struct CommandPlace {
    let server: FakeServer
    let folder: String

    static func with(_ body: (CommandPlace) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-command-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await FakeServer.with { try await body(CommandPlace(server: $0, folder: folder)) }
    }

    var environment: [String: String] { ["SLUICE_URL": server.url, "SLUICE_TOKEN": "slc_right", "HOME": folder] }

    func sluice(_ arguments: String..., with changes: [String: String] = [:]) async throws -> Program {
        try await Program.run("sluice", arguments, environment: environment.merging(changes) { $1 })
    }

    /// Starts the program, which is not waited for.
    func start(
        _ arguments: String..., output: ChildProcess.Stream = .discarded
    ) throws -> (child: ChildProcess, errors: String) {
        let errors = folder + "/errors"
        let child = try ChildProcess(
            [Program.folder + "/sluice"] + arguments, environment: environment, output: output, errors: .file(errors))
        return (child, errors)
    }

    func file(_ name: String, _ content: [UInt8]) throws -> String {
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        try Data(content).write(to: URL(fileURLWithPath: "\(folder)/data/\(name)"))
        return "\(folder)/data/\(name)"
    }

    /// Waits until the server has had so many requests of a method.
    func reached(_ method: String, _ count: Int) async throws {
        let end = ContinuousClock.now + Duration.seconds(20).stretched
        while server.seen(method).count < count {
            try #require(ContinuousClock.now < end, "\(method) was not sent \(count) times")
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
