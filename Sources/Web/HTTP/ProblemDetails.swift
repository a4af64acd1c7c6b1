/// The body of every error answer (RFC 9457).
///
/// `detail` is for the person who sent the request: it never holds a path, a stack, a query or another person's data.
package struct ProblemDetails: Hashable, Sendable {
    /// The media type of the body.
    package static let contentType = "application/problem+json"

    /// A URI that names the kind of problem; `about:blank` says no more than the status does.
    package var type: String
    /// The kind of problem in a few words, the same for each occurrence.
    package var title: String
    /// The HTTP status.
    package var status: Int
    /// What happened this time.
    package var detail: String?
    /// Names the fault within its kind, where one kind has many: for programs, unlike `detail`.
    package var code: String?
    /// What else programs may want to know, such as the limit that was reached.
    package var members: [Member] = []

    /// A member beyond those of RFC 9457.
    package struct Member: Hashable, Sendable {
        package enum Value: Hashable, Sendable {
            case number(Int64)
            case text(String)
        }

        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    package init(status: Int, title: String, type: String = "about:blank", detail: String? = nil, code: String? = nil) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
    }

    /// Writes the members of the problem into an object, which may have members of its own beside them (RFC 9457, section 3.2).
    package func writeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("title", title)
        writer.member("status", status)
        if let detail { writer.member("detail", detail) }
        if let code { writer.member("code", code) }
        for member in members {
            switch member.value {
            case .number(let number): writer.member(member.name, number)
            case .text(let text): writer.member(member.name, text)
            }
        }
    }
}

extension ProblemDetails {
    /// A refused header field or query string.
    package init(_ error: RequestSyntaxError) {
        self.init(
            status: error.status, title: "Malformed request", type: "/problems/malformed-request", detail: error.message,
            code: error.code.rawValue)
    }

    /// A refused multipart body.
    package init(_ error: MultipartError) {
        // Nothing is wrong with such a form but its size.
        let (title, kind) =
            error.code == .tooManyParts ? ("Too many parts", "too-many-parts") : ("Malformed form data", "malformed-form-data")
        self.init(status: error.status, title: title, type: "/problems/\(kind)", detail: error.message, code: error.code.rawValue)
    }
}
