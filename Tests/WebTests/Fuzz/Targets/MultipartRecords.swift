import NIOCore
import Web

/// What a parser said about a body, in a form that does not depend on how the body was cut: body bytes of a part are
/// joined, and of a part that was refused halfway they are left out.
enum Record: Equatable, Sendable {
    case began(MultipartHeaders)
    case body([UInt8])
    case ended
    case finished
    case refused(MultipartError.Code)
}

/// How a body is cut into chunks.
enum Chunking: CustomStringConvertible {
    case every(Int)
    case random(seed: UInt64)

    static let all: [Chunking] = [.every(.max), .every(1), .every(7), .every(4096), .random(seed: 1), .random(seed: 2)]

    var description: String {
        switch self {
        case .every(let size): "chunks of \(size)"
        case .random(let seed): "random chunks, seed \(seed)"
        }
    }

    func cut(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var generator =
            switch self {
            case .every: SplitMix(seed: 0)
            case .random(let seed): SplitMix(seed: seed)
            }
        var chunks: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let size =
                switch self {
                case .every(let size): size
                case .random: Int.random(in: 1...90, using: &generator)
                }
            let end = start + min(size, bytes.count - start)
            chunks.append(bytes[start..<end])
            start = end
        }
        return chunks
    }
}

/// A repeatable generator (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension [Record] {
    /// Feeds `body` in one way.
    ///
    /// - Throws: `FuzzFinding` when the parser breaks a promise.
    init(_ body: [UInt8], boundary: MultipartBoundary, limits: MultipartLimits = MultipartLimits(), chunking: Chunking) throws {
        self = []
        var parser = MultipartParser(boundary: boundary, limits: limits)
        do throws(MultipartError) {
            for chunk in chunking.cut(body) {
                parser.feed(ByteBuffer(bytes: chunk))
                while let event = try parser.next() { note(event) }
            }
            try parser.end()
        } catch {
            if case .body = last { removeLast() }
            append(.refused(error.code))
            // The first error is final, whatever comes.
            parser.feed(ByteBuffer(bytes: [UInt8]("\r\n--".utf8) + boundary.bytes + [UInt8]("--".utf8)))
            try FuzzFinding.unless(
                Self.refusal { () throws(MultipartError) in _ = try parser.next() } == error, "the first error was not final")
            try FuzzFinding.unless(
                Self.refusal { () throws(MultipartError) in try parser.end() } == error, "the first error was not final at the end")
        }
        try FuzzFinding.unless(!contains(.body([])), "an event with an empty body")
    }

    private static func refusal(_ body: () throws(MultipartError) -> Void) -> MultipartError? {
        do throws(MultipartError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private mutating func note(_ event: MultipartEvent) {
        switch event {
        case .partBegan(let headers): append(.began(headers))
        case .partEnded: append(.ended)
        case .finished: append(.finished)
        case .body(let bytes):
            // One without bytes stands alone, so that it is noticed.
            if bytes.readableBytes > 0, case .body(let before) = last {
                self[count - 1] = .body(before + [UInt8](bytes.readableBytesView))
            } else {
                append(.body([UInt8](bytes.readableBytesView)))
            }
        }
    }
}
