import Jobs

/// A job that does nothing, with a payload of a given size.
struct BenchJob: JobContract {
    let size: Int

    static var type: String { "bench-nothing" }
    static var schemaVersion: Int { 1 }
    static var queue: String { "bench" }
    static var policy: RetryPolicy { .standard }

    func encodePayload() throws -> [UInt8] { Array(repeating: UInt8(ascii: "."), count: size) }

    static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self { BenchJob(size: payload.count) }
}
