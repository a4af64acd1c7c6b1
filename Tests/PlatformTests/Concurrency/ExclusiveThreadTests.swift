import Glibc
import Platform
import Testing

struct ExclusiveThreadTests {
    /// Its state is reached on one thread only, if the executor keeps its promise.
    private actor Confined {
        private let thread: ExclusiveThread
        private var count = 0
        private var log: [Int] = []
        private var threads: Set<String> = []

        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init(_ thread: ExclusiveThread) {
            self.thread = thread
        }

        func increment() -> Int {
            threads.insert(currentThreadID())
            count += 1
            return count
        }

        func append(_ number: Int) { log.append(number) }
        func numbers() -> [Int] { log }
        func usedThreads() -> Set<String> { threads }
        func name() -> String { currentThreadName() }
        func isIsolated() -> Bool? { thread.isIsolatingCurrentContext() }

        func suspendAndReturn(_ gate: Gate) async -> Bool? {
            await gate.pass()
            return thread.isIsolatingCurrentContext()
        }
    }

    @Test("An actor's jobs run on one named thread, and callers elsewhere are not on it") func confinement() async {
        let thread = ExclusiveThread(name: "confined")
        let actor = Confined(thread)
        #expect(await actor.name() == "confined")
        #expect(await actor.isIsolated() == true)
        #expect(thread.isIsolatingCurrentContext() == false)
        thread.stop()
    }

    @Test("Concurrent callers are all served, on the same thread") func stress() async {
        let thread = ExclusiveThread(name: "stress")
        let actor = Confined(thread)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { for _ in 0..<500 { _ = await actor.increment() } } }
        }
        #expect(await actor.increment() == 5001)
        #expect(await actor.usedThreads().count == 1)
        thread.stop()
    }

    @Test("Calls of one task keep their order") func order() async {
        let thread = ExclusiveThread(name: "order")
        let actor = Confined(thread)
        for number in 0..<200 { await actor.append(number) }
        #expect(await actor.numbers() == Array(0..<200))
        thread.stop()
    }

    @Test("A job that was suspended resumes on the thread") func resumption() async {
        let thread = ExclusiveThread(name: "resume")
        let actor = Confined(thread)
        let gate = Gate()
        async let isolated = actor.suspendAndReturn(gate)
        _ = await actor.increment()
        gate.open()
        #expect(await isolated == true)
        thread.stop()
    }

    @Test("After stop the thread ends, and late callers are still served, isolated") func lateCallers() async throws {
        let thread = ExclusiveThread(name: "to-be-stopped")
        let actor = Confined(thread)
        #expect(await actor.increment() == 1)
        thread.stop()
        try await until { !threadNames().contains("to-be-stopped") }
        for expected in 2...20 { #expect(await actor.increment() == expected) }
        #expect(await actor.isIsolated() == true)
        try await until { !threadNames().contains("to-be-stopped") }
    }

    @Test("Stopping while callers arrive loses no job") func stopRace() async {
        for _ in 0..<50 {
            let thread = ExclusiveThread(name: "race")
            let actor = Confined(thread)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { for _ in 0..<10 { _ = await actor.increment() } } }
                group.addTask { thread.stop() }
            }
            #expect(await actor.increment() == 41)
        }
    }
}

/// The name of the calling thread as the kernel knows it.
func currentThreadName() -> String { contents("/proc/thread-self/comm") }

/// The kernel's number of the calling thread. Not `pthread_self`, which is declared `const`: the optimiser may ask it once,
/// before a change of thread.
func currentThreadID() -> String { String(contents("/proc/thread-self/stat").prefix { $0 != " " }) }

/// The names of all threads of this process.
func threadNames() -> Set<String> {
    guard let directory = opendir("/proc/self/task") else { return [] }
    defer { closedir(directory) }
    var names: Set<String> = []
    while let entry = readdir(directory) {
        let id = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        names.insert(contents("/proc/self/task/\(id)/comm"))
    }
    return names
}

private func contents(_ path: String) -> String {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return "" }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 64) { $1 = max(0, read(file, $0.baseAddress, 64)) }
    return String(decoding: bytes.filter { $0 != 10 }, as: UTF8.self)
}
