import Foundation
import Glibc
import Platform

/// Runs a program and collects what it prints.
///
/// Not Foundation's `Process`: it learns of a program's end from a socket that the program's own children inherit, and the
/// stack leaves children running.
enum Command {
    struct Result: Sendable {
        /// The exit status, or 128 plus the number of the signal.
        let status: Int32
        /// Standard output and standard error together.
        let output: String
    }

    struct NotStarted: Error {
        let program: String
        let reason: String
    }

    static func run(_ program: String, _ arguments: [String], environment: [String: String]) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-command-\(UUID())").path
        defer { unlink(file) }
        let child = try spawn([program] + arguments, environment, output: file)
        let status = await withCheckedContinuation { continuation in
            NamedThread.start(name: "wait-child") {
                var status: Int32 = 0
                while waitpid(child, &status, 0) < 0 && errno == EINTR {}
                continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
            }
        }
        return Result(status: status, output: try String(contentsOfFile: file, encoding: .utf8))
    }

    private static func spawn(_ words: [String], _ environment: [String: String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        // The test runner ignores signals that servers are stopped with; ignoring is inherited.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child = pid_t()
        let failure = posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp)
        guard failure == 0 else { throw NotStarted(program: words[0], reason: String(cString: strerror(failure))) }
        return child
    }
}
