import Foundation

/// Runs a program and collects what it prints.
enum Command {
    struct Result: Sendable {
        let status: Int32
        /// Standard output and standard error together.
        let output: String
    }

    static func run(_ program: String, _ arguments: [String], environment: [String: String]) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-command-\(UUID())")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        // A file and not a pipe: processes that the program leaves running would keep a pipe open.
        let output = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Result(status: status, output: try String(contentsOf: file, encoding: .utf8))
    }
}
