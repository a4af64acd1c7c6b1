import NIOCore
import Testing
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

enum MultipartVerifier {
    /// Feeds `body` in one way.
    static func records(
        _ body: [UInt8], boundary: String, limits: MultipartLimits = MultipartLimits(), chunking: Chunking
    ) throws -> [Record] {
        var parser = try MultipartParser(boundary: MultipartBoundary(boundary), limits: limits)
        var records: [Record] = []
        do throws(MultipartError) {
            for chunk in chunking.cut(body) {
                parser.feed(ByteBuffer(bytes: chunk))
                while let event = try parser.next() { record(event, in: &records) }
            }
            try parser.end()
        } catch {
            if case .body = records.last { records.removeLast() }
            records.append(.refused(error.code))
            // The first error is final, whatever comes.
            parser.feed(ByteBuffer(string: "\r\n--\(boundary)--"))
            #expect(throws: error) { try parser.next() }
            #expect(throws: error) { try parser.end() }
        }
        return records
    }

    /// Feeds `body` in every way, and demands that it makes no difference.
    static func verified(
        _ body: [UInt8], boundary: String, limits: MultipartLimits = MultipartLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Record] {
        let expected = try records(body, boundary: boundary, limits: limits, chunking: .every(.max))
        for chunking in Chunking.all.dropFirst() {
            let found = try records(body, boundary: boundary, limits: limits, chunking: chunking)
            #expect(found == expected, "\(chunking)", sourceLocation: sourceLocation)
        }
        return expected
    }

    static func verified(
        _ body: String, boundary: String = "b", limits: MultipartLimits = MultipartLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Record] {
        try verified(Array(body.utf8), boundary: boundary, limits: limits, sourceLocation: sourceLocation)
    }

    private static func record(_ event: MultipartEvent, in records: inout [Record]) {
        switch event {
        case .partBegan(let headers): records.append(.began(headers))
        case .partEnded: records.append(.ended)
        case .finished: records.append(.finished)
        case .body(let bytes):
            #expect(bytes.readableBytes > 0)
            if case .body(let before) = records.last {
                records[records.count - 1] = .body(before + Array(bytes.readableBytesView))
            } else {
                records.append(.body(Array(bytes.readableBytesView)))
            }
        }
    }
}

/// A part and the text that stands for it.
struct SamplePart {
    var name = "files"
    var filename: String? = "a.txt"
    var contentType: String?
    var body: [UInt8]

    init(_ body: String, name: String = "files", filename: String? = "a.txt", contentType: String? = nil) {
        self.init(bytes: Array(body.utf8), name: name, filename: filename, contentType: contentType)
    }

    init(bytes: [UInt8], name: String = "files", filename: String? = "a.txt", contentType: String? = nil) {
        body = bytes
        self.name = name
        self.filename = filename
        self.contentType = contentType
    }

    func expected() throws -> [Record] {
        let type = try contentType.map { try MediaType($0) }
        let began = Record.began(MultipartHeaders(name: name, filename: filename, contentType: type))
        return body.isEmpty ? [began, .ended] : [began, .body(body), .ended]
    }

    static func encode(_ parts: [SamplePart], boundary: String, preamble: String = "", epilogue: String = "\r\n") -> [UInt8] {
        var text = Array(preamble.utf8)
        for part in parts {
            text += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"".utf8)
            if let filename = part.filename { text += Array("; filename=\"\(filename)\"".utf8) }
            text += Array("\r\n".utf8)
            if let type = part.contentType { text += Array("Content-Type: \(type)\r\n".utf8) }
            text += Array("\r\n".utf8) + part.body + Array("\r\n".utf8)
        }
        return text + Array("--\(boundary)--\(epilogue)".utf8)
    }
}
