import Foundation
import Testing

/// A response as it came over the wire.
struct Answer: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    /// ASVS 3.4.1, where browsers come by TLS.
    static let transportPolicy = "max-age=31536000; includeSubDomains"

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a field that may occur once.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name == name.lowercased() }.map(\.value)
        return values.count <= 1 ? values.first : "\(values.count) times: \(values)"
    }

    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// The files of an upload or a list.
    func files() throws -> [FileReply] { try decode(FilesReply.self).files }

    /// - Returns: nil while it is not whole; otherwise the answer and how many bytes it has.
    static func parse(_ bytes: [UInt8], isHead: Bool) throws -> (Answer, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let start = lines[0].split(separator: " ", maxSplits: 2)
        guard start.count >= 2, start[0] == "HTTP/1.1", let status = Int(start[1]) else { throw Peer.Failure.malformed(lines[0]) }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: parts[0].lowercased(), value: parts.dropFirst().first.map { $0.trimmingCharacters(in: .whitespaces) } ?? "")
        }
        let head = Answer(status: status, fields: fields, body: [])
        if isHead || status < 200 || status == 204 { return (head, end.upperBound) }
        guard let length = head["content-length"].flatMap({ Int($0) }) else { throw Peer.Failure.malformed("no length: \(lines)") }
        guard bytes.count >= end.upperBound + length else { return nil }
        let body = Array(bytes[end.upperBound..<end.upperBound + length])
        return (Answer(status: status, fields: fields, body: body), end.upperBound + length)
    }
}

struct Problem: Decodable, Sendable {
    let type, title: String
    let status: Int
    let detail, code, rule: String?
    /// Of a quota that has no room.
    let limit: String?
    let maximum, used, reserved: Int64?
    let files: [FileReply]?
}

struct FilesReply: Decodable, Sendable {
    let files: [FileReply]
    let next: String?
}

/// A file, or the refusal of one.
struct FileReply: Decodable, Sendable {
    let id, name, contentType, sha256, state: String?
    let size: Int64?
    let error: Problem?
}

extension Answer {
    /// What holds for every answer: described in the API, hardened, and an error tells what is wrong but nothing of our insides.
    ///
    /// - Parameter call: nil for what is no request.
    func check(against call: HTTPCall?, sourceLocation: SourceLocation) {
        if let call, let complaint = APIDescription.complaint(about: call, status) {
            Issue.record("\(complaint)", sourceLocation: sourceLocation)
        }
        let context: Comment = "\(call?.method ?? "-") \(call?.path ?? "-") \(status)"
        #expect(self["x-content-type-options"] == "nosniff", context, sourceLocation: sourceLocation)
        #expect(self["referrer-policy"] == "no-referrer", context, sourceLocation: sourceLocation)
        #expect(self["content-security-policy"]?.contains("default-src 'none'") == true, context, sourceLocation: sourceLocation)
        #expect(self["cache-control"]?.contains("no-store") == true, context, sourceLocation: sourceLocation)
        #expect(self["strict-transport-security"] == Self.transportPolicy, context, sourceLocation: sourceLocation)
        #expect(self["server"] == nil && self["x-powered-by"] == nil, context, sourceLocation: sourceLocation)
        guard status >= 400, call?.method != "HEAD" else { return }
        #expect(self["content-type"] == "application/problem+json", context, sourceLocation: sourceLocation)
        let problem = try? decode(Problem.self)
        #expect(problem?.status == status && problem?.type.hasPrefix("/problems/") == true, "\(text)", sourceLocation: sourceLocation)
        #expect(problem?.title.isEmpty == false, "\(text)", sourceLocation: sourceLocation)
        for word in ["postgres", "redis", "select ", "/tmp", ".swift", "error(", "errno", "sluice-web-", "stack"] {
            #expect(!text.lowercased().contains(word), "\(text)", sourceLocation: sourceLocation)
        }
        if [429, 503, 507].contains(status) {
            #expect(self["retry-after"].flatMap { Int($0) } ?? 0 > 0, context, sourceLocation: sourceLocation)
        }
    }
}
