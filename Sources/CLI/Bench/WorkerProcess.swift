import Glibc

/// A copy of this program that drains the queue of a bench.
struct WorkerProcess: Sendable {
    private let pid: pid_t
    /// It says when it is ready.
    private let output: Int32

    /// Runs `count` of them for the length of `body`, which begins when all are ready.
    static func with<T: Sendable>(
        _ count: Int, queue: String, concurrency: Int, _ body: ([WorkerProcess]) async throws -> T
    ) async throws -> T {
        var workers: [WorkerProcess] = []
        let result: Result<T, any Error>
        do {
            for _ in 0..<count {
                let arguments = ["sluice", "bench", "drain", queue, "--concurrency", String(concurrency), "--parent", String(getpid())]
                workers.append(try WorkerProcess(arguments))
            }
            for worker in workers { try await worker.ready() }
            result = .success(try await body(workers))
        } catch {
            result = .failure(error)
        }
        for worker in workers { await worker.end() }
        return try result.get()
    }

    private init(_ arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw OperatorError("no pipe for a worker process: errno \(errno)") }
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var pid = pid_t()
        let status = posix_spawn(&pid, "/proc/self/exe", &actions, nil, words, environ)
        guard status == 0 else {
            close(ends[0])
            throw OperatorError("a worker process cannot be started: errno \(status)")
        }
        self.pid = pid
        output = ends[0]
    }

    private func ready() async throws {
        var chunk = [UInt8](repeating: 0, count: 64)
        while true {
            let count = read(output, &chunk, chunk.count)
            if count > 0 { return }
            if count == 0 { throw OperatorError("a worker process ended before it was ready; its message is above") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Its standard output ends with it.
    fileprivate var isRunning: Bool {
        var chunk = [UInt8](repeating: 0, count: 64)
        return read(output, &chunk, chunk.count) != 0
    }

    private func end() async {
        kill(pid, Task.isCancelled ? SIGKILL : SIGTERM)
        let deadline = ContinuousClock.now + .seconds(5)
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            if ContinuousClock.now > deadline { kill(pid, SIGKILL) }
            // Once cancelled this returns at once, and a killed process does not take long to end.
            try? await Task.sleep(for: .milliseconds(2))
        }
        close(output)
    }
}

extension [WorkerProcess] {
    func requireRunning() throws {
        guard allSatisfy(\.isRunning) else { throw OperatorError("a worker process ended too early; its message is above") }
    }
}
