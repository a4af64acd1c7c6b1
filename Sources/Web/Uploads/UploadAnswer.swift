import Cryptography
import Files
import HTTPTypes
import Hummingbird

/// The answer to an upload: one entry per file, in the order of the request.
enum UploadAnswer {
    /// The status when at least one file was accepted.
    static let accepted = 202

    /// `202` when at least one file was accepted; otherwise the first refusal as a problem, with all of them in `files`.
    static func render(_ outcomes: [UploadOutcome]) -> Response {
        var refusal: APIError?
        for outcome in outcomes {
            switch outcome {
            case .accepted: return JSONResponse.make(status: accepted, headers: headers(of: outcomes)) { write(outcomes, in: &$0) }
            case .refused(_, let error): refusal = refusal ?? error
            }
        }
        return (refusal ?? .noFile).response { write(outcomes, to: &$0) }
    }

    /// The body of an answer that says that files were accepted.
    static func body(_ outcomes: [UploadOutcome]) -> [UInt8] {
        var json = JSONWriter()
        write(outcomes, in: &json)
        return Array(json.buffer.readableBytesView)
    }

    /// A request of one file is told its digest as HTTP has it (RFC 9530).
    private static func headers(of outcomes: [UploadOutcome]) -> HTTPFields {
        guard outcomes.count == 1, case .accepted(let file) = outcomes[0] else { return [:] }
        return [.reprDigest: DigestFields.value(file.sha256)]
    }

    private static func write(_ outcomes: [UploadOutcome], in json: inout JSONWriter) {
        json.object { write(outcomes, to: &$0) }
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
