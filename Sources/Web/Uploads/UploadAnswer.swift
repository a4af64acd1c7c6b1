import Hummingbird

/// The answer to an upload: one entry per file, in the order of the request.
enum UploadAnswer {
    /// `202` when at least one file was accepted; otherwise the first refusal as a problem, with all of them in `files`.
    static func render(_ outcomes: [UploadOutcome]) -> Response {
        var refusal: APIError?
        for outcome in outcomes {
            switch outcome {
            case .accepted: return JSONResponse.make(status: 202) { $0.object { write(outcomes, to: &$0) } }
            case .refused(_, let error): refusal = refusal ?? error
            }
        }
        return (refusal ?? .noFile).response { write(outcomes, to: &$0) }
    }

    private static func write(_ outcomes: [UploadOutcome], to json: inout JSONWriter) {
        json.array("files") { json in
            for outcome in outcomes {
                switch outcome {
                case .accepted(let file): FileJSON.write(file, to: &json)
                case .refused(let name, let error):
                    json.object { json in
                        json.member("name", name)
                        json.object("error") { error.problem.writeMembers(to: &$0) }
                    }
                }
            }
        }
    }
}
