import Foundation
import Glibc
import Testing

/// Sluice and its servers as real processes in a folder of their own, started by `compose/local/stack`.
///
/// Every test that changes what runs has a stack of its own. `with` ends it on every path.
struct LocalStack: Sendable {
    let state: String
    private let settings: [String: String]

    /// Runs `body` with a fresh stack, all processes up and ready.
    ///
    /// - Parameter settings: environment of all processes, on top of what the stack writes.
    static func with(_ settings: [String: String] = [:], _ body: (LocalStack) async throws -> Void) async throws {
        let state = "/tmp/sluice-e2e-\(UInt64.random(in: 0...(.max)))"
        let stack = LocalStack(state: state, settings: settings)
        do {
            try await stack.control("up")
            try await body(stack)
        } catch {
            let logs = stack.tailOfLogs()
            try? await stack.control("down")
            Issue.record("the stack's logs:\n\(logs)")
            throw error
        }
        try await stack.control("down")
        try FileManager.default.removeItem(atPath: state)
    }

    /// `stack start NAME`, `stop NAME`, `kill NAME` …
    func control(_ arguments: String...) async throws {
        let result = try await Command.run(Self.script, arguments, environment: environment)
        guard result.status == 0 else { throw StackFailed(arguments: arguments, output: result.output) }
    }

    /// Runs the operator's tool and returns what it printed.
    func sluice(_ arguments: String...) async throws -> String {
        let line = ". \(state)/env && exec sluice \"$@\""
        let result = try await Command.run("/bin/bash", ["-c", line, "sluice"] + arguments, environment: environment)
        guard result.status == 0 else { throw StackFailed(arguments: arguments, output: result.output) }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Makes a user with a token.
    func client(named name: String) async throws -> Client {
        _ = try await sluice("user", "add", name, "--email", "\(name)@example.org")
        return Client(address: try address("front"), token: try await sluice("token", "add", name))
    }

    /// `127.0.0.1:PORT` of a process, as the stack chose it.
    func address(_ name: String) throws -> String {
        let ports = try String(contentsOfFile: state + "/ports", encoding: .utf8)
        let line = try #require(ports.split(separator: "\n").first { $0.hasPrefix(name + "=") })
        return "127.0.0.1:" + line.dropFirst(name.count + 1)
    }

    func processID(_ name: String) throws -> Int32 {
        let text = try String(contentsOfFile: "\(state)/pids/\(name).pid", encoding: .utf8)
        return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// The most memory a process has had resident, in MiB.
    func peakMemory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(processID(name))/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.split { !$0.isNumber }.first ?? "")) / 1024
    }

    /// All regular files below `folder` of the state, by path relative to it.
    /// Locks of processes that receive are not counted.
    func files(below folder: String) -> [String] {
        let root = state + "/" + folder
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: root + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
                && !$0.hasSuffix("/lock")
        }
    }

    /// The objects on the FTP server, by file id.
    func objects() -> [String: String] {
        var objects: [String: String] = [:]
        for path in files(below: "ftp") {
            let name = path.split(separator: "/").last ?? ""
            objects[String(name.prefix(36)) + (name.contains(".part") ? ".part" : "")] = "\(state)/ftp/\(path)"
        }
        return objects
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../compose/local/stack").standardized.path

    var environment: [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        var result = inherited.filter { !$0.key.hasPrefix("SLUICE_") }.merging(settings) { $1 }
        result["PROGRAMS"] = inherited["SLUICE_TEST_BIN"]
        result["STATE"] = state
        result["PORT"] = "0"
        return result
    }

    private func tailOfLogs() -> String {
        files(below: "logs").map { name in
            let text = (try? String(contentsOfFile: "\(state)/logs/\(name)", encoding: .utf8)) ?? ""
            return "== \(name)\n" + text.split(separator: "\n").suffix(15).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

struct StackFailed: Error, CustomStringConvertible {
    let arguments: [String]
    let output: String
    var description: String { "\(arguments.joined(separator: " ")): \(output)" }
}
