import Files
import Foundation
import Platform
import Postgres
import Testing

/// Calls of the tus protocol.
extension HTTPCall {
    static let uploads = "/api/v1/uploads"
    private static let type = "Content-Type: application/offset+octet-stream"

    static func tus(_ method: String, _ path: String = uploads, token: String?, _ fields: [String] = [], body: [UInt8] = []) -> Self {
        HTTPCall(method, path, token: token, ["Tus-Resumable: 1.0.0"] + fields, body: body)
    }

    /// A creation with bytes.
    static func create(with body: [UInt8], token: String, _ fields: [String]) -> Self {
        tus("POST", token: token, [type] + fields, body: body)
    }

    static func patch(_ path: String, at offset: Int64, _ body: [UInt8], token: String, _ fields: [String] = []) -> Self {
        tus("PATCH", path, token: token, [type, "Upload-Offset: \(offset)"] + fields, body: body)
    }
}

extension WebServer {
    /// Begins an upload and returns its path.
    func begin(_ account: Account, length: Int, _ fields: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> String
    {
        try await begin(account, ["Upload-Length: \(length)"] + fields, sourceLocation: sourceLocation)
    }

    func begin(_ account: Account, _ fields: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await send(.tus("POST", token: account.token, fields))
        #expect(answer.status == 201, "\(answer.text)", sourceLocation: sourceLocation)
        return try #require(answer["location"], sourceLocation: sourceLocation)
    }

    /// A finished part.
    func part(_ account: Account, _ body: [UInt8]) async throws -> String {
        let path = try await begin(account, length: body.count, ["Upload-Concat: partial"])
        guard !body.isEmpty else { return path }
        #expect(try await send(.patch(path, at: 0, body, token: account.token)).status == 204)
        return path
    }

    func head(_ path: String, _ account: Account) async throws -> Answer {
        try await send(.tus("HEAD", path, token: account.token))
    }

    /// Where an upload can be gone on with; nil where HEAD does not tell.
    func offset(of path: String, _ account: Account) async throws -> Int64? {
        try await head(path, account)["upload-offset"].flatMap { Int64($0) }
    }

    /// The bytes of a file.
    func content(of file: String?, _ account: Account) async throws -> [UInt8] {
        let answer = try await send(HTTPCall("GET", "/api/v1/files/\(file ?? "")/content", token: account.token))
        #expect(answer.status == 200)
        return answer.body
    }

    /// What is kept of uploads that are not files yet.
    var partialFiles: [String] { (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/partial")) ?? [] }

    /// The offset that the database has.
    func storedOffset(of path: String) async throws -> Int64? {
        let id = try #require(UploadID(String(path.suffix(36))))
        let rows = try await pool.query("SELECT byte_offset FROM uploads WHERE id = \(id)")
        return try rows.first?.decode(at: 0)
    }

    /// How often a writer has fenced off the ones before it.
    func epoch(of path: String) async throws -> Int64? {
        let id = try #require(UploadID(String(path.suffix(36))))
        let rows = try await pool.query("SELECT epoch FROM uploads WHERE id = \(id)")
        return try rows.first?.decode(at: 0)
    }

    func uploads(of account: Account) async throws -> Int {
        let rows = try await pool.query("SELECT count(*) FROM uploads WHERE owner_id = \(account.id)")
        return try rows[0].decode(at: 0)
    }
}

/// Bytes that tell where they belong, so that one that is lost, doubled or mixed in is seen.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed &* 97) }
}
