import Foundation
import NIOPosix

/// A small program in Python, for tests that compare with what others made.
public struct PythonScript: Sendable {
    public struct Failed: Error {
        public let status: Int32
    }

    private let source: String

    public init(_ source: String) { self.source = source }

    /// What it prints.
    /// - Throws: `Failed` when it ends with an error.
    public func run(_ arguments: String...) async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = ["-c", source] + arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
            return String(decoding: data, as: UTF8.self)
        }
    }
}
