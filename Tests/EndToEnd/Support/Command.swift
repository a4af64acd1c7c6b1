import Foundation
import TestSupport

/// Runs a program and collects what it prints.
enum Command {
    struct Result: Sendable {
        /// The exit status, or 128 plus the number of the signal.
        let status: Int32
        /// Standard output and standard error together.
        let output: String
    }

    static func run(_ program: String, _ arguments: [String], environment: [String: String]) async throws -> Result {
        // Not a pipe: the stack leaves children running, which would keep it open.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-command-\(UUID())").path
        defer { unlink(file) }
        let child = try ChildProcess([program] + arguments, environment: environment, output: .file(file), errors: nil)
        let status = await child.end()
        return Result(status: status, output: try String(contentsOfFile: file, encoding: .utf8))
    }
}
