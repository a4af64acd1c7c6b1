import HTTPTypes
import Hummingbird

extension APIError {
    /// The problem as a response; `extend` writes members of its own (RFC 9457, section 3.2).
    func response(_ extend: (inout JSONWriter) -> Void = { _ in }) -> Response {
        JSONResponse.make(status: problem.status, contentType: ProblemDetails.contentType, headers: headers) { json in
            json.object { json in
                problem.writeMembers(to: &json)
                extend(&json)
            }
        }
    }
}
