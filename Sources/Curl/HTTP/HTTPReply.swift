/// What a server answered.
public struct HTTPReply: Sendable {
    public let status: Int
    /// By name in lower case; several of one name joined by commas.
    public let fields: [String: String]
    /// Empty where a sink took it.
    public let body: [UInt8]

    public init(status: Int, fields: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// By its name in lower case.
    public subscript(name: String) -> String? { fields[name] }

    public var isSuccess: Bool { (200..<300).contains(status) }
}

/// Puts an answer together from the lines and bytes that libcurl hands over. Lives on a lane's thread.
final class HTTPReplyBuilder {
    /// More than any answer has that is held in memory.
    private static let maximumBody = 16 << 20
    private static let maximumFields = 200

    /// 0 until a status line has come.
    private(set) var status = 0
    /// Whether the head of the final answer is complete.
    private(set) var hasHead = false
    private(set) var sinkRefused = false
    private var fields: [String: String] = [:]
    private var body: [UInt8] = []
    private let sink: HTTPSink?

    init(sink: HTTPSink?) {
        self.sink = sink
    }

    var reply: HTTPReply { HTTPReply(status: status, fields: fields, body: body) }

    /// A line of the head; after an interim answer such as 100 the next status line begins anew.
    func takeLine(_ line: UnsafeRawBufferPointer) -> Bool {
        var line = line[...]
        while let last = line.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { line.removeLast() }
        if line.starts(with: "HTTP/".utf8) {
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
            guard words.count > 1, let status = Int(String(decoding: words[1], as: UTF8.self)) else { return false }
            self.status = status
            fields = [:]
            hasHead = false
        } else if line.isEmpty {
            hasHead = status >= 200
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), fields.count < Self.maximumFields {
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
            let trimmed = String(value.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
            fields[name] = fields[name].map { $0 + ", " + trimmed } ?? trimmed
        }
        return true
    }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let sink, (200..<300).contains(status) {
            sinkRefused = !sink(bytes)
            return !sinkRefused
        }
        guard body.count + bytes.count <= Self.maximumBody else { return false }
        body += bytes
        return true
    }
}
