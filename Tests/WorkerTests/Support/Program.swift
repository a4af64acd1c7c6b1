import Foundation
import TestSupport

/// One of the built programs, run to its end.
struct Program: Sendable {
    let status: Int32
    let output: String
    let errors: String

    /// - Parameter environment: all of it; nothing is inherited.
    static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> Program {
        // Less than a pipe holds, so it can be read afterwards.
        let child = try ChildProcess(
            ["\(folder)/\(name)"] + arguments, environment: environment, output: .piped, errors: .piped)
        let status = await child.end()
        return Program(status: status, output: try text(child.output), errors: try text(child.errors))
    }

    private static func text(_ pipe: FileHandle?) throws -> String {
        String(decoding: try pipe?.readToEnd() ?? Data(), as: UTF8.self)
    }

    static var folder: String {
        if let folder = TestServer.environment("SLUICE_TEST_BIN") { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized.path
        return root + "/.build/debug"
    }
}
