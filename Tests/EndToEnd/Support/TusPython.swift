import Foundation
import TestSupport

/// A Python that has tuspy: in an environment of its own beside what was built, made once.
enum TusPython {
    /// Its path; nil where it cannot be made, as without a network.
    static func path() async -> String? { await made.value }

    private static let made = Task { () -> String? in
        let folder = stackTests("../../.build/tuspy")
        let python = "\(folder)/bin/python3"
        guard await !succeeds([python, "-c", "import tusclient"]) else { return python }
        guard await succeeds(["/usr/bin/env", "python3", "-m", "venv", "--clear", folder]),
            await succeeds([python, "-m", "pip", "install", "-q", "--no-input", "-r", stackTests("requirements.txt")])
        else { return nil }
        return python
    }

    private static func succeeds(_ command: [String]) async -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return (try? await Command.run(command[0], Array(command.dropFirst()), environment: environment).status) == 0
    }

    /// A file beside the tests of the stack.
    static func stackTests(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Stack/\(name)").standardized.path
    }
}
