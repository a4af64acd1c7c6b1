/// A well-formed request, apart from what a test puts into it.
struct HTTPCall: Sendable {
    var method: String
    var path: String
    var fields: [String] = []
    var body: [UInt8] = []
    /// Not announced: the fields say how the body is framed.
    var isFramed = false

    init(_ method: String, _ path: String, token: String? = nil, _ fields: [String] = [], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.fields = (token.map { ["Authorization: Bearer \($0)"] } ?? []) + fields
        self.body = body
    }

    /// An upload of one file as the whole body.
    static func put(_ name: String, token: String, _ content: String = "content", _ fields: [String] = []) -> Self {
        Self("PUT", "/api/v1/files/\(name)", token: token, fields, body: Array(content.utf8))
    }

    /// An upload of a form.
    static func post(_ form: Form, token: String, _ fields: [String] = []) -> Self {
        Self("POST", "/api/v1/files", token: token, ["Content-Type: \(form.contentType)"] + fields, body: form.bytes)
    }

    /// A deletion with a body of JSON.
    static func deleteMany(_ json: String, token: String) -> Self {
        Self("DELETE", "/api/v1/files", token: token, ["Content-Type: application/json"], body: Array(json.utf8))
    }

    var head: String {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: sluice.test"] + fields
        let isAnnounced = fields.contains {
            $0.lowercased().hasPrefix("content-length:") || $0.lowercased().hasPrefix("transfer-encoding:")
        }
        if !isAnnounced && (!body.isEmpty || ["PUT", "POST"].contains(method)) { lines.append("Content-Length: \(body.count)") }
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    var bytes: [UInt8] { Array(head.utf8) + body }
}

/// A body of the type multipart/form-data, byte for byte as the test wants it.
struct Form: Sendable {
    static let boundary = "b0undary"
    private var content: [UInt8] = []
    private var isEnded = false

    var contentType: String { "multipart/form-data; boundary=\(Self.boundary)" }

    var bytes: [UInt8] { content + (isEnded ? [] : Array("--\(Self.boundary)--\r\n".utf8)) }

    /// Without the last boundary.
    var unended: [UInt8] { content }

    func file(_ name: String, type: String = "text/plain", _ body: String = "content") -> Form {
        part(["Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\"", "Content-Type: \(type)"], Array(body.utf8))
    }

    func file(_ name: String, bytes: [UInt8]) -> Form {
        part(["Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\""], bytes)
    }

    func field(_ name: String, _ value: String) -> Form {
        part(["Content-Disposition: form-data; name=\"\(name)\""], Array(value.utf8))
    }

    func part(_ headers: [String], _ body: [UInt8]) -> Form {
        var form = self
        form.content += Array("--\(Self.boundary)\r\n\(headers.map { $0 + "\r\n" }.joined())\r\n".utf8) + body + Array("\r\n".utf8)
        return form
    }
}
