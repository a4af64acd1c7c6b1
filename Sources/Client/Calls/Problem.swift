package import Curl
import FoundationEssentials

/// Why a server refuses something (RFC 9457).
public struct Problem: Sendable, Hashable {
    public let status: Int
    /// `/problems/…`, or `about:blank` where the answer had no such thing.
    public let type: String
    public let title: String
    public let detail: String?

    private struct Document: Decodable {
        let type: String?
        let title: String?
        let detail: String?
    }

    package init(_ reply: HTTPReply) {
        let document = try? JSONDecoder().decode(Document.self, from: Data(reply.body))
        status = reply.status
        type = document?.type ?? "about:blank"
        title = document?.title ?? "HTTP status \(reply.status)"
        detail = document?.detail
    }

    package init(status: Int, type: String, title: String, detail: String? = nil) {
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
    }

    /// The last part of the type.
    public var name: String { type.split(separator: "/").last.map(String.init) ?? type }

    /// One line, safe to show.
    public var sentence: String {
        PlainText.escape("\(status) \(title)" + (detail.map { ": \($0)" } ?? ""))
    }
}
