import Web

/// Which answers openapi.yaml allows. Reads the file line by line, by its indentation.
enum APIDescription {
    private typealias Operations = [String: Set<Int>]

    private static let paths: [String: Operations] = {
        var paths: [String: Operations] = [:]
        var (path, method, isInPaths) = ("", "", false)
        for line in OpenAPI.text.split(separator: "\n") {
            let indentation = line.prefix { $0 == " " }.count
            let word = line.dropFirst(indentation)
            switch indentation {
            case 0: isInPaths = line == "paths:"
            case _ where !isInPaths: continue
            case 2 where word.hasPrefix("/") && word.hasSuffix(":"): path = "/api/v1" + word.dropLast()
            case 4 where word.hasSuffix(":") && word != "parameters:":
                method = word.dropLast().uppercased()
                paths[path, default: [:]][method] = []
            case 8 where word.hasPrefix("\""):
                if let status = Int(word.dropFirst().prefix(3)) { paths[path, default: [:]][method]?.insert(status) }
            default: continue
            }
        }
        return paths
    }()

    /// The scope that each operation asks of a token, by method and path.
    static let scopes: [String: String] = {
        var scopes: [String: String] = [:]
        var (path, method) = ("", "")
        for line in OpenAPI.text.split(separator: "\n") {
            let indentation = line.prefix { $0 == " " }.count
            let word = line.dropFirst(indentation)
            switch indentation {
            case 2 where word.hasPrefix("/"): path = "/api/v1" + word.dropLast()
            case 4: method = word.dropLast().uppercased()
            case 6 where word.hasPrefix("security: [{ token: ["):
                scopes["\(method) \(path)"] = String(word.split(whereSeparator: { "[]".contains($0) })[2])
            default: continue
            }
        }
        return scopes
    }()

    /// Paths, methods and statuses, for the test that there are any.
    static var count: Int { paths.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } } }

    static func complaint(about call: HTTPCall, _ status: Int) -> String? {
        let segments = call.path.prefix { $0 != "?" }.split(separator: "/")
        let path =
            switch (segments.prefix(3) == ["api", "v1", "files"], segments.count, segments.last) {
            case (false, 3, "events") where segments[0] == "api": "/api/v1/events"
            case (false, 3, "me") where segments[0] == "api": "/api/v1/me"
            case (false, 3...4, _) where segments.prefix(3) == ["api", "v1", "uploads"]:
                segments.count == 3 ? "/api/v1/uploads" : "/api/v1/uploads/{id}"
            case (true, 3, _): "/api/v1/files"
            case (true, 4, _): "/api/v1/files/{id}"
            case (true, 5, "content"): "/api/v1/files/{id}/content"
            default: ""
            }
        guard let operations = paths[path] else {
            return status == 404 || call.path == "/openapi.yaml" ? nil : "\(status) for an unknown path"
        }
        guard let statuses = operations[call.method] else {
            return [401, 404, 405].contains(status) ? nil : "\(call.method) \(path) is not described and answers \(status)"
        }
        return statuses.contains(status) ? nil : "\(call.method) \(path) answers \(status), which is not described"
    }
}
