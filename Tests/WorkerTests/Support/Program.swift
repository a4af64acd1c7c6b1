import Foundation
import TestSupport

/// One of the built programs, run to its end.
struct Program: Sendable {
    let status: Int32
    let output: String
    let errors: String

    /// - Parameter environment: all of it; nothing is inherited.
    static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> Program {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: folder + "/" + name)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        // Less than a pipe holds, so it can be read afterwards.
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Program(status: status, output: try text(output), errors: try text(errors))
    }

    private static func text(_ pipe: Pipe) throws -> String {
        String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    static var folder: String {
        if let folder = TestServer.environment("SLUICE_TEST_BIN") { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized.path
        return root + "/.build/debug"
    }
}
