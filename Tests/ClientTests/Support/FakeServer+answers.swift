import Cryptography
import Foundation
import Synchronization

extension FakeServer {
    /// What a request is answered, and what comes of it.
    func answer(_ method: String, _ uri: String, _ fields: [String: String], _ body: [UInt8]) -> FakeAnswer {
        let path = String(uri.prefix { $0 != "?" })
        let parts = path.split(separator: "/").dropFirst(2).map(String.init)
        guard fields["authorization"] == "Bearer slc_right" else { return .problem(401, "/problems/unauthorized") }
        return state.withLock { state in
            guard method != "DELETE" || state.mayDelete else { return .problem(403, "/problems/insufficient-scope") }
            if let key = fields["idempotency-key"], var kept = state.kept[key] {
                kept.fields["idempotency-replayed"] = "true"
                return kept
            }
            let answer: FakeAnswer
            switch (method, parts.first, parts.dropFirst().first) {
            case ("PUT", "files", let name?): answer = state.put(name.removingPercentEncoding ?? name, body)
            case ("GET", "files", nil): answer = state.list(uri)
            case ("GET", "files", let id?): answer = state.get(id, isContent: parts.count == 3, fields["range"])
            case ("DELETE", "files", nil): answer = state.delete(body)
            case ("DELETE", "files", let id?):
                state.files.removeAll { $0.id == id }
                answer = FakeAnswer(status: 204)
            case ("POST", "uploads", nil): answer = state.create(fields)
            case (_, "uploads", let id?): answer = state.resume(method, id, fields, body)
            default: answer = .problem(404, "/problems/not-found")
            }
            if let key = fields["idempotency-key"], answer.status < 300 { state.kept[key] = answer }
            return answer
        }
    }

    /// Takes what a PATCH brought before it was cut off.
    func keep(path: String, fields: [String: String], bytes: [UInt8]) {
        _ = state.withLock { $0.resume("PATCH", String(path.split(separator: "/").last ?? ""), fields, bytes) }
    }
}

extension FakeServer.State {
    private func describe(_ file: FakeServer.File) -> [String: Any] {
        let digest = SHA256Hasher.digest(of: lies ? Array("a lie".utf8) : file.content).description
        return [
            "id": file.id, "name": file.name, "size": file.content.count, "contentType": "text/plain", "sha256": digest, "state": "staged",
            "createdAt": "2026-11-22T22:53:26.511Z", "storedAt": NSNull(),
        ]
    }

    fileprivate mutating func put(_ name: String, _ content: [UInt8]) -> FakeAnswer {
        let id = add(self.name ?? name, content)
        return .json(202, ["files": files.filter { $0.id == id }.map(describe)])
    }

    /// Pages of two.
    fileprivate func list(_ uri: String) -> FakeAnswer {
        let cursor = uri.firstRange(of: "cursor=").flatMap { Int(uri[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
        let next: Any = cursor + 2 < files.count ? String(cursor + 2) : NSNull()
        return .json(200, ["files": files.dropFirst(cursor).prefix(2).map(describe), "next": next])
    }

    fileprivate func get(_ id: String, isContent: Bool, _ range: String?) -> FakeAnswer {
        guard let file = files.first(where: { $0.id == id }) else { return .problem(404, "/problems/not-found") }
        guard isContent else { return .json(200, describe(file)) }
        guard let start = range.flatMap({ Int($0.dropFirst("bytes=".count).dropLast()) }) else {
            return FakeAnswer(status: 200, body: file.content)
        }
        return FakeAnswer(status: 206, body: Array(file.content.dropFirst(start)))
    }

    fileprivate mutating func delete(_ body: [UInt8]) -> FakeAnswer {
        let ids = (try? JSONDecoder().decode([String: [String]].self, from: Data(body)))?["ids"] ?? []
        var entries: [[String: Any]] = []
        for id in ids {
            if files.contains(where: { $0.id == id }) {
                entries.append(["id": id, "state": "deleting"])
            } else {
                entries.append(["id": id, "error": ["type": "/problems/not-found", "title": "Not found", "status": 404]])
            }
            files.removeAll { $0.id == id }
        }
        return .json(200, ["files": entries])
    }

    fileprivate mutating func create(_ fields: [String: String]) -> FakeAnswer {
        guard let length = fields["upload-length"].flatMap({ Int($0) }), fields["tus-resumable"] == "1.0.0" else {
            return .problem(400, "/problems/bad-upload-field")
        }
        let id = "upload-\(uploads.count)"
        let name = fields["upload-metadata"]?.split(separator: ",").first?.split(separator: " ").last
            .flatMap { Data(base64Encoded: String($0)) }.map { String(decoding: $0, as: UTF8.self) }
        uploads[id] = FakeServer.Upload(id: id, name: name ?? "", length: length, announced: fields["repr-digest"])
        var answer = FakeAnswer(status: 201, fields: ["location": "\(otherHost)/api/v1/uploads/\(id)"])
        if length == 0 {
            answer.fields["sluice-file"] = add(name ?? "", [])
            answer.fields["repr-digest"] = Self.field([])
        }
        return answer
    }

    fileprivate mutating func resume(_ method: String, _ id: String, _ fields: [String: String], _ body: [UInt8]) -> FakeAnswer {
        guard var upload = uploads[id], !upload.isGone else { return .problem(404, "/problems/upload-not-found") }
        defer { uploads[id] = upload }
        switch method {
        case "DELETE":
            upload.isGone = true
            files.removeAll { $0.id == upload.file }
            return FakeAnswer(status: 204)
        case "PATCH":
            guard fields["upload-offset"] == String(upload.content.count) else {
                return .problem(409, "/problems/wrong-offset", ["upload-offset": String(upload.content.count)])
            }
            upload.content += body
            if upload.content.count == upload.length, upload.file == nil {
                if damages > 0 {
                    damages -= 1
                    upload.content[0] ^= 1
                }
                guard upload.announced == nil || upload.announced == Self.field(upload.content) else {
                    upload.isGone = true
                    return .problem(400, "/problems/digest-mismatch")
                }
                upload.file = add(upload.name, upload.content)
            }
        default: break
        }
        var answer = FakeAnswer(status: method == "HEAD" ? 200 : 204, fields: ["upload-offset": String(upload.content.count)])
        answer.fields["upload-length"] = String(upload.length)
        if let file = upload.file {
            answer.fields["sluice-file"] = file
            if tellsDigest { answer.fields["repr-digest"] = Self.field(lies ? [] : upload.content) }
        }
        return answer
    }

    private static func field(_ content: [UInt8]) -> String {
        "sha-256=:\(Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()):"
    }
}
