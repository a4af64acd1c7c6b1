import Curl
import FoundationEssentials

/// One's files on the server.
public struct RemoteFiles: Sendable {
    /// What became of one that was to be deleted.
    public struct Deletion: Sendable, Hashable {
        /// Of the file.
        public let id: String
        /// Why it is still there; nil when it is not.
        public let problem: Problem?
    }

    /// What became of a call that was to delete some.
    public enum Deletions: Sendable, Hashable {
        /// One for each.
        case answered([Deletion])
        /// The ids, and why nothing is known of them.
        case failed([String], ClientFailure)
    }

    /// As many as one call may delete.
    private static let deletedAtOnce = 1000
    static let path = "/api/v1/files"

    let caller: Caller

    /// Hands over the list page by page.
    ///
    /// - Parameters:
    ///   - search: a substring of the name.
    ///   - sort: `created`, `name` or `size`, the other way round with a `-` before it.
    public func list(search: String? = nil, sort: String, take: ([RemoteFile]) throws -> Void) async throws {
        struct Page: Decodable {
            let files: [RemoteFile]
            let next: String?
        }
        var cursor: String?
        repeat {
            var target = Self.path + "?limit=500&sort=" + URLText.encode(sort)
            if let search { target += "&search=" + URLText.encode(search) }
            if let cursor { target += "&cursor=" + URLText.encode(cursor) }
            let page: Page = try Self.decode(await caller.call(HTTPRequest(.get, target)))
            try take(page.files)
            cursor = page.next
        } while cursor != nil
    }

    /// What the server says of one file.
    public func find(_ id: String) async throws(ClientFailure) -> RemoteFile {
        try Self.decode(await caller.call(HTTPRequest(.get, Self.path + "/" + URLText.encode(id))))
    }

    /// Deletes many, a thousand a call.
    ///
    /// - Parameter take: gets what came of each call; false when it cannot be told, which ends all.
    /// - Throws: `.interrupted`.
    public func delete(_ ids: [String], take: (Deletions) -> Bool) async throws(ClientFailure) {
        var rest = ids[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.deletedAtOnce))
            rest = rest.dropFirst(Self.deletedAtOnce)
            do {
                guard take(.answered(try await deleteAtOnce(some))) else { return }
            } catch {
                guard error != .interrupted else { throw error }
                guard take(.failed(some, error)), !error.endsAll else { return }
            }
        }
    }

    private func deleteAtOnce(_ ids: [String]) async throws(ClientFailure) -> [Deletion] {
        struct Answer: Decodable {
            struct Entry: Decodable {
                struct Refusal: Decodable {
                    let type: String
                    let title: String
                    let status: Int
                    let detail: String?
                }
                let id: String
                let error: Refusal?
            }
            let files: [Entry]
        }
        guard let body = try? JSONEncoder().encode(["ids": ids]) else { throw .local("ids that are no text") }
        let request = HTTPRequest(
            .delete, Self.path, fields: [(name: "Content-Type", value: "application/json")], body: HTTPBody(Array(body)))
        var plan = caller.plan()
        let answer: Answer = try Self.decode(await caller.call(request, plan: &plan))
        let mayBeDone = plan.hasLostAnswer
        return answer.files.map { entry in
            let problem = entry.error.map { Problem(status: $0.status, type: $0.type, title: $0.title, detail: $0.detail) }
            // Deleted by the try whose answer was lost.
            return Deletion(id: entry.id, problem: mayBeDone && problem?.status == 404 ? nil : problem)
        }
    }

    static func decode<T: Decodable>(_ reply: HTTPReply) throws(ClientFailure) -> T {
        guard let value = try? JSONDecoder().decode(T.self, from: Data(reply.body)) else {
            throw .refused(Problem(status: reply.status, type: "about:blank", title: "an answer that is not Sluice's"))
        }
        return value
    }
}
