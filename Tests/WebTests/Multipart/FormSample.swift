import Glibc
import NIOCore
import Web

/// A body in chunks, as a connection would hand it over, and how long it takes to take it apart. Of the tests and of the benchmark.
struct FormSample {
    struct Unparsed: Error {}

    private static let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    private static let chunk = 65536
    private static let partSize = 1 << 20

    let name: String
    let size: Int
    /// Of what the parser has to be as fast with as with anything: line ends, and beginnings of the boundary. What is made to agree
    /// with this very boundary in the places that the search looks at is not.
    let isPlain: Bool
    private let parts: Int
    private let chunks: [ByteBuffer]

    /// - Parameters:
    ///   - piece: repeated, it is the content of each part.
    private init(_ name: String, parts: Int = 4, isPlain: Bool = true, of piece: [UInt8]) {
        self.name = name
        self.isPlain = isPlain
        self.parts = parts
        let content = Array(repeatElement(piece, count: Self.partSize / piece.count + 1).joined().prefix(Self.partSize))
        var body: [UInt8] = []
        for number in 0..<parts {
            body += "--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(number).bin\"\r\n".utf8
            body += Array("Content-Type: application/octet-stream\r\n\r\n".utf8) + content + Array("\r\n".utf8)
        }
        body += "--\(Self.boundary)--\r\n".utf8
        size = body.count
        chunks = stride(from: 0, to: body.count, by: Self.chunk).map { ByteBuffer(bytes: body[$0..<min($0 + Self.chunk, body.count)]) }
    }

    /// The first is the ordinary one.
    static func all() throws -> [FormSample] {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        let last = delimiter[delimiter.count - 1]
        var changed = delimiter
        changed[delimiter.count / 2] = 0x21
        let lengths = (1..<delimiter.count).flatMap { delimiter.prefix($0) }
        return [
            FormSample("ordinary", of: (0..<partSize).map { _ in UInt8.random(in: 0...255) }),
            FormSample("text with lines", of: Array("All work and no play makes the parser a dull boy.\r\n".utf8)),
            FormSample("CR LF", of: [0x0D, 0x0A]),
            FormSample("CR", of: [0x0D]),
            FormSample("CR LF - -", of: Array(delimiter.prefix(4))),
            FormSample("the boundary without its last byte", of: delimiter.dropLast()),
            FormSample("beginnings of the boundary, all lengths", of: lengths),
            FormSample("the boundary with one byte changed", of: changed),
            FormSample(
                "what looks like a delimiter as often as can be", isPlain: false, of: [0x0D, 0x0A] + densest(delimiter.count, last)),
        ]
    }

    /// What has to follow CR LF so that it, repeated, agrees with a delimiter in its first, second and last byte each time.
    private static func densest(_ length: Int, _ last: UInt8) -> [UInt8] {
        let period = (3...).first { (length - 1) % $0 >= 2 } ?? length
        return [UInt8](repeating: 0x2D, count: (length - 1) % period - 2)
            + [UInt8](
                repeating: last, count: period - (length - 1) % period)
    }

    /// Takes it apart once.
    ///
    /// - Returns: the processor time of this thread, in seconds.
    func pass() throws -> Double {
        let start = Self.processorTime
        var parser = try MultipartParser(boundary: MultipartBoundary(Self.boundary))
        var (ended, count) = (0, 0)
        for chunk in chunks {
            parser.feed(chunk)
            while let event = try parser.next() {
                switch event {
                case .body(let bytes): count += bytes.readableBytes
                case .partEnded: ended += 1
                case .partBegan, .finished: break
                }
            }
        }
        try parser.end()
        let time = Self.processorTime - start
        guard ended == parts, count == parts * Self.partSize else { throw Unparsed() }
        return time
    }

    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
