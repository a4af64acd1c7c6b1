import Glibc
import Jobs
import Logging
import Platform

/// What a benchmark tells the programs it measures, by variables of the environment: `BENCH_URL`, `BENCH_N`, `BENCH_FIRST`,
/// `BENCH_MODE`, `BENCH_RATE`, `BENCH_JOB` (`noop`, or `sleep` and milliseconds), `BENCH_LOG`, `BENCH_ENQ_LOG`, `BENCH_WORKER`,
/// `BENCH_CONC`, `BENCH_FAST_RECOVERY` (leases of 5 s); of our own `BENCH_QUEUE` (`bench`), `BENCH_ID` (`uuid` for ids as
/// producers have them) and `BENCH_DRAIN` (the drain deadline, ms).
struct BenchTarget: Sendable {
    static let queue = variable("BENCH_QUEUE") ?? "bench"
    private static let hasUUIDs = variable("BENCH_ID") == "uuid"

    /// A job that writes down that it ran.
    struct Mark: JobContract {
        let number: UInt32
        /// How long it takes, in milliseconds, and then writes down that it has ended; nil ends at once.
        let milliseconds: Int?

        static var type: String { "bench-mark" }
        static var schemaVersion: Int { 1 }
        static var queue: String { BenchTarget.queue }
        static var policy: RetryPolicy { .standard }

        func encodePayload() throws -> [UInt8] { Array((milliseconds.map { "\(number) \($0)" } ?? "\(number)").utf8) }

        static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self {
            let words = payload.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard let number = words.first.flatMap({ UInt32($0) }) else { throw JobsError(.encoding, "not the number of a mark") }
            return Mark(number: number, milliseconds: words.count > 1 ? Int(words[1]) : nil)
        }

        func request() throws -> JobRequest { try JobRequest(self, id: hasUUIDs ? UUIDv7().description : "b\(number)") }
    }

    enum RecordKind: UInt16 {
        case start = 0
        case end = 1
        case enqueued = 2
    }

    /// Appends records of 16 bytes: number, worker, kind, monotonic nanoseconds; little endian, one write each.
    struct Log: Sendable {
        private let descriptor: Int32
        private let worker: UInt16

        init(path: String, worker: UInt16) throws {
            descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
            self.worker = worker
            guard descriptor >= 0 else { throw OperatorError("cannot open \(path): errno \(errno)") }
        }

        func write(_ number: UInt32, _ kind: RecordKind) {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            let nanoseconds = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            let record = (
                UInt64(number) | UInt64(worker) << 32 | UInt64(kind.rawValue) << 48, nanoseconds
            )
            withUnsafeBytes(of: (record.0.littleEndian, record.1.littleEndian)) { _ = Glibc.write(descriptor, $0.baseAddress, 16) }
        }
    }

    static var logger: Logger {
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0, metadataProvider: nil) }
        logger.logLevel = .error
        return logger
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    static func number(_ name: String, default value: Int) -> Int {
        variable(name).flatMap { Int($0) } ?? value
    }

    /// How many milliseconds a job shall take, if any time.
    static var milliseconds: Int? {
        variable("BENCH_JOB").flatMap { $0.hasPrefix("sleep") ? Int($0.dropFirst(5)) : nil }
    }

    static func withQueue<T: Sendable>(_ body: @escaping @Sendable (RedisJobQueue) async throws -> T) async throws -> T {
        guard let url = variable("BENCH_URL") else { throw OperatorError("BENCH_URL is not set") }
        return try await Composition.withBenchQueue(named: queue, at: ServiceURL(url), body)
    }
}
