import NIOCore
import Redis

/// Replies of Redis, by way of hiredis.
enum ReplyFuzzing {
    private struct Outcome: Equatable {
        var values: [RedisValue] = []
        var isRefused = false
    }

    static func check(_ input: [UInt8]) throws {
        let whole = outcome(input, chunks: [input[...]])
        let seed = input.reduce(into: UInt64(input.count)) { $0 = $0 &* 31 &+ UInt64($1) }
        for chunking in [Chunking.every(1), .random(seed: seed)] {
            let found = outcome(input, chunks: chunking.cut(input))
            try FuzzFinding.unless(found == whole, "\(chunking): \(found) instead of \(whole)")
        }
        guard input.count <= 64 else { return }
        for cut in input.indices.dropFirst() {
            let found = outcome(input, chunks: [input[..<cut], input[cut...]])
            try FuzzFinding.unless(found == whole, "cut at \(cut): \(found) instead of \(whole)")
        }
    }

    private static func outcome(_ input: [UInt8], chunks: [ArraySlice<UInt8>]) -> Outcome {
        let reader = ReplyReader(maximumSize: 8192)
        var outcome = Outcome()
        do throws(RedisError) {
            for chunk in chunks {
                var buffer = ByteBuffer(bytes: chunk)
                try reader.read(&buffer) { outcome.values.append($0) }
            }
        } catch {
            outcome.isRefused = true
        }
        return outcome
    }
}
