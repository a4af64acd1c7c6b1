import TestSupport

extension WebServer {
    /// One request, sent again for as long as it is told to come later: that of many at once a disk or a database may be behind for some
    /// seconds, is no fault of theirs.
    func sendUntilTaken(_ request: HTTPCall) async throws -> Answer {
        var answer = try await send(request)
        _ = try await eventually {
            if answer.status == 503 { answer = try await send(request) }
            return answer.status != 503
        }
        return answer
    }

    /// Where an upload goes on, asked for again while whoever writes to it has not left.
    func offsetOnceFree(of path: String, _ account: Account) async throws -> Int64? {
        try await headOnceFree(path, account)["upload-offset"].flatMap { Int64($0) }
    }

    /// The answer to HEAD, as above.
    func headOnceFree(_ path: String, _ account: Account) async throws -> Answer {
        var answer = try await head(path, account)
        _ = try await eventually {
            if answer.status == 423 { answer = try await head(path, account) }
            return answer.status != 423
        }
        return answer
    }
}
