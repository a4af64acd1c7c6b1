import Foundation

/// One of the built programs, run to its end.
public struct Program: Sendable {
    public let status: Int32
    public let output: String
    public let errors: String

    /// - Parameter environment: all of it; nothing is inherited.
    public static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> Program {
        // Files, since a pipe holds only so much until it is read.
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-program-\(UUID())").path
        let (output, errors) = (place + ".out", place + ".err")
        defer { for file in [output, errors] { unlink(file) } }
        let child = try ChildProcess(
            ["\(folder)/\(name)"] + arguments, environment: environment, output: .file(output), errors: .file(errors))
        let status = await child.end()
        return try Program(
            status: status, output: String(contentsOfFile: output, encoding: .utf8), errors: String(contentsOfFile: errors, encoding: .utf8)
        )
    }

    public static var folder: String {
        if let folder = TestServer.environment("SLUICE_TEST_BIN") { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardized.path
        return root + "/.build/debug"
    }
}
