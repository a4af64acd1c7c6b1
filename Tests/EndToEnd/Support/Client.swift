import AsyncHTTPClient
import Cryptography
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// What a client of Sluice does, over real connections.
struct Client: Sendable {
    struct File: Decodable, Sendable {
        let id: String
        let name: String
        let size: Int64
        let sha256: String
        let state: String
    }

    private struct Files: Decodable {
        let files: [File]
        let next: String?
    }

    struct Answer: Sendable {
        let status: UInt
        let headers: [String: String]
        let body: ByteBuffer

        /// - Throws: `UnexpectedAnswer` for another status: not a failed test, since under faults refusals are right.
        func expecting(_ status: UInt) throws -> Answer {
            guard self.status == status else { throw UnexpectedAnswer(status: self.status, body: String(buffer: body)) }
            return self
        }

        func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
            try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        }
    }

    let address: String
    let token: String

    func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: HTTPClientRequest.Body? = nil,
        timeout: TimeAmount = .seconds(60)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = body
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        let content = try await response.body.collect(upTo: 64 << 20)
        let fields = Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        return Answer(status: UInt(response.status.code), headers: fields, body: content)
    }

    /// Uploads one file as a raw body.
    func put(_ name: String, _ content: HTTPClientRequest.Body, timeout: TimeAmount = .seconds(60)) async throws -> File {
        let answer = try await send("PUT", "/api/v1/files/\(name)", body: content, timeout: timeout)
        return try #require(answer.expecting(202).decode(Files.self).files.first)
    }

    /// Uploads files in one multipart request.
    ///
    /// - Parameter key: makes it one that may be sent again.
    func post(_ files: [(name: String, content: [UInt8])], key: String? = nil) async throws -> [File] {
        let boundary = "b\(UInt64.random(in: 0...(.max)))"
        var body = ByteBuffer()
        for file in files {
            body.writeString("--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(file.name)\"\r\n\r\n")
            body.writeBytes(file.content)
            body.writeString("\r\n")
        }
        body.writeString("--\(boundary)--\r\n")
        var headers = ["Content-Type": "multipart/form-data; boundary=\(boundary)"]
        headers["Idempotency-Key"] = key
        let answer = try await send("POST", "/api/v1/files", headers: headers, body: .bytes(body))
        return try answer.expecting(202).decode(Files.self).files
    }

    func get(_ id: String) async throws -> File {
        let answer = try await send("GET", "/api/v1/files/\(id)")
        return try answer.expecting(200).decode()
    }

    /// All files, page by page.
    func list() async throws -> [File] {
        var all: [File] = []
        var cursor: String?
        repeat {
            let answer = try await send("GET", "/api/v1/files?limit=500" + (cursor.map { "&cursor=\($0)" } ?? ""))
            let page: Files = try answer.expecting(200).decode()
            all += page.files
            cursor = page.next
        } while cursor != nil
        return all
    }
}

struct UnexpectedAnswer: Error {
    let status: UInt
    let body: String
}
