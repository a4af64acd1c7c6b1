public import Foundation
import Glibc
import Synchronization

/// A program that runs beside the tests: started by posix_spawn(3), waited for by waitpid(2), killed when the object goes.
///
/// Not Foundation's `Process`: that learns of a program's end from a socket which other programs, started in the same moment,
/// may inherit; then it waits, spinning, for the end of those. A child of this kind inherits nothing.
public final class ChildProcess: Sendable {
    public enum Stream: Sendable {
        case discarded
        /// To be read with `ChildProcess.output` or `errors`.
        case piped
        case file(String)
    }

    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String
    }

    public let id: pid_t
    /// The reading ends of what is piped.
    public let output, errors: FileHandle?
    /// As `wait` returns it, once the program has been waited for.
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - command: the program, looked up in `PATH`, and its arguments.
    ///   - environment: all of it; nil inherits that of the tests.
    ///   - errors: nil joins them to the output.
    public init(
        _ command: [String], environment: [String: String]? = nil, output: Stream = .discarded, errors: Stream? = .discarded
    ) throws {
        let files = try SpawnFiles(output: output, errors: errors)
        defer { files.close() }
        id = try Self.spawn(command, environment, files)
        (self.output, self.errors) = (files.outputEnd, files.errorsEnd)
    }

    deinit {
        kill()
    }

    public var isRunning: Bool { look(WNOHANG) == nil }

    /// Waits for the end, blocking the thread.
    /// - Returns: the exit status, or 128 plus the number of the signal.
    @discardableResult
    public func wait() -> Int32 {
        if let status = status.withLock({ $0 }) { return status }
        // Without the lock, so that others may look and send signals meanwhile; the child remains until it is looked at.
        var info = siginfo_t()
        while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return look(0)!
    }

    /// Waits for the end on a thread of its own.
    public func end() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.wait()) }
        }
    }

    /// Does nothing once the program has ended and has been looked at.
    public func signal(_ number: Int32) {
        status.withLock { if $0 == nil { _ = Glibc.kill(id, number) } }
    }

    /// Ends the program (SIGKILL) and waits for it.
    public func kill() {
        signal(SIGKILL)
        wait()
    }

    private func look(_ options: Int32) -> Int32? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard waitpid(id, &raw, options) == id else { return nil }
            status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : 128 + raw & 0x7F
            return status
        }
    }

    private static func spawn(_ command: [String], _ environment: [String: String]?, _ files: borrowing SpawnFiles) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, files.output, 1)
        posix_spawn_file_actions_adddup2(&actions, files.errors, 2)
        // Sockets of the tests and others' pipes: inherited, they would stay open for as long as the child lives. glibc passes over
        // those that are not open; what closes all of them at once Swift does not see.
        for descriptor in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
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
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? [:]).map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child = pid_t()
        let failure = variables.withUnsafeMutableBufferPointer {
            posix_spawnp(&child, command[0], &actions, &attributes, &words, environment == nil ? environ : $0.baseAddress)
        }
        guard failure == 0 else { throw NotStarted(description: "\(command[0]): \(String(cString: strerror(failure)))") }
        return child
    }
}
