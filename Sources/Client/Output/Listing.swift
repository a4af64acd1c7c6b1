import Platform

/// Lines of data: with tabs for people and `cut`, in JSON for programs.
public enum Listing {
    /// A file as `ls` prints it: id, state, bytes, digest and name.
    public static func line(_ file: RemoteFile) -> String {
        [file.id, file.state, String(file.size), file.sha256, file.name].map(PlainText.escape).joined(separator: "\t")
    }

    /// The same for programs, with all that the server tells.
    public static func json(_ file: RemoteFile) -> String {
        object { json in
            json.string("id", file.id)
            json.string("name", file.name)
            json.number("size", file.size)
            json.string("contentType", file.contentType)
            json.string("sha256", file.sha256)
            json.string("state", file.state)
            json.string("createdAt", file.createdAt)
            json.string("storedAt", file.storedAt)
            if let failure = file.failure { json.string("failure", failure) }
        }
    }

    /// A file as `put` prints it: id and name.
    public static func line(_ receipt: PutReceipt) -> String {
        PlainText.escape(receipt.id) + "\t" + PlainText.escape(receipt.name)
    }

    /// The same for programs, which get the path here too.
    public static func json(_ receipt: PutReceipt, path: String) -> String {
        object { json in
            json.string("path", path)
            json.string("id", receipt.id)
            json.string("name", receipt.name)
            json.number("size", receipt.size)
            json.string("sha256", receipt.sha256)
        }
    }

    /// A failure for programs, instead of the data.
    ///
    /// - Parameter subject: what it is about, such as `path` or `id`, and which.
    public static func json(_ failure: ClientFailure, of subject: (name: StaticString, value: String)) -> String {
        object { json in
            json.string(subject.name, subject.value)
            json.failure(failure)
        }
    }

    /// A file that was received, or deleted, when there is no path.
    public static func json(id: String, path: String?) -> String {
        object { json in
            json.string("id", id)
            if let path { json.string("path", path) }
        }
    }

    private static func object(_ fill: (inout Members) -> Void) -> String {
        var members = Members()
        fill(&members)
        return String(decoding: members.text.bytes, as: UTF8.self) + "}"
    }

    private struct Members {
        var text = JSONText()

        mutating func name(_ name: StaticString) {
            text.raw(text.bytes.isEmpty ? "{\"" : ",\"")
            text.raw(name)
            text.raw("\":")
        }

        mutating func string(_ name: StaticString, _ value: String?) {
            self.name(name)
            if let value { text.string(value) } else { text.raw("null") }
        }

        mutating func number(_ name: StaticString, _ value: Int64) {
            self.name(name)
            text.number(value)
        }

        mutating func failure(_ failure: ClientFailure) {
            name("error")
            text.raw("{\"kind\":")
            text.string(failure.kind)
            text.raw(",\"message\":")
            text.string(failure.sentence)
            if let problem = failure.problem {
                text.raw(",\"type\":")
                text.string(problem.type)
                text.raw(",\"status\":")
                text.number(problem.status)
            }
            text.raw("}")
        }
    }
}

extension ClientFailure {
    /// One word for programs.
    var kind: String {
        switch self {
        case .refused: "refused"
        case .tokenRefused: "token-refused"
        case .unreachable: "unreachable"
        case .postponed: "postponed"
        case .local: "local"
        case .interrupted: "interrupted"
        }
    }

    /// What the server said.
    var problem: Problem? {
        switch self {
        case .refused(let problem), .tokenRefused(let problem): problem
        case .unreachable, .postponed, .local, .interrupted: nil
        }
    }
}
