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
            let process = try ChildProcess(["/usr/bin/python3", "-c", source] + arguments, output: .piped)
            let data = process.output?.readDataToEndOfFile() ?? Data()
            let status = process.wait()
            guard status == 0 else { throw Failed(status: status) }
            return String(decoding: data, as: UTF8.self)
        }
    }
}
