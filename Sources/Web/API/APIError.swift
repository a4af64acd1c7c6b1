import Accounts
import Files
import HTTPTypes
import Platform

/// A refusal that the client is told about: what is wrong, and what to do.
///
/// Thrown anywhere below the routes and rendered in one place, `ErrorRendering`. The problem is sent to the client, so it
/// never carries an underlying error.
struct APIError: Error {
    var problem: ProblemDetails
    var headers: HTTPFields = [:]
    /// What the refusal means for the security log; nil for what well-meaning clients run into.
    var event: SecurityEvent?
    /// Whom it concerns, for the same log.
    var user: UserID?

    /// - Parameters:
    ///   - kind: names the kind of problem; the client's program branches on it. Sent as `/problems/<kind>`.
    ///   - retryAfter: seconds after which the same request may succeed. It may be repeated then, except after `unknownOutcome`.
    init(_ status: Int, _ kind: String, _ title: String, detail: String? = nil, retryAfter: Int? = nil) {
        problem = ProblemDetails(status: status, title: title, type: "/problems/\(kind)", detail: detail)
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
    }

    init(_ problem: ProblemDetails, event: SecurityEvent? = nil) {
        self.problem = problem
        self.event = event
    }
}

extension APIError: ContentRefusal {
    var failure: String { String(problem.type.split(separator: "/").last ?? "") }
}

extension APIError {
    /// The client is told the same, whether it sent a token or none.
    static let tokenMissing = unauthorized(.tokenMissing)
    static let tokenRefused = unauthorized(.tokenRefused)

    private static let challenge = "Bearer realm=\"sluice\""

    private static func unauthorized(_ event: SecurityEvent) -> Self {
        var error = Self(401, "unauthorized", "A valid API token is needed", detail: "Send it as Authorization: Bearer slc_….")
        error.headers[.wwwAuthenticate] = challenge
        error.event = event
        return error
    }

    /// Nobody is signed in where somebody has to be; says why, as far as a session was there.
    static func notSignedIn(_ visit: Visit) -> Self {
        if case .awaitingCode = visit.session?.state {
            return Self(401, "code-missing", "The code from the mail is missing", detail: "Enter it, then go on.")
        }
        return visit.gone.map { sessionEnded($0.end) } ?? .tokenMissing
    }

    static func sessionEnded(_ end: SessionEnd) -> Self {
        let detail =
            switch end {
            case .idle: "Nothing happened for too long."
            case .absolute: "It had lasted as long as sessions may."
            case .logout, .elsewhere: "Its user has ended it."
            case .password: "The password was changed."
            case .disabled: "The account is locked."
            case .byOperator: "The operator has ended it."
            case .replaced: "Another one took its place."
            }
        return Self(401, "session-ended", "The session has ended", detail: detail)
    }

    /// A request that another site may have had a browser send.
    static let forged = Self(
        ProblemDetails(
            status: 403, title: "This request does not come from one of our pages", type: "/problems/forged-request",
            detail: "Open the page again, then try once more."), event: .requestForged)

    /// A token that is valid and not for this (RFC 6750, section 3.1).
    static func scopeMissing(_ scope: TokenScope, user: UserID) -> Self {
        var error = Self(
            403, "insufficient-scope", "The API token is not for this", detail: "It needs the scope \(scope.rawValue): make another token.")
        error.headers[.wwwAuthenticate] = "\(challenge), error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""
        error.event = .scopeMissing
        error.user = user
        return error
    }

    /// A browser that looks for us under another name than the configured one.
    static func misdirected(to address: PublicAddress) -> Self {
        Self(
            ProblemDetails(
                status: 421, title: "This service has another address", type: "/problems/misdirected", detail: "Use \(address)."),
            event: .hostRefused)
    }

    /// A limit that is told to whoever has reached it.
    static func throttled(_ title: String, retryAfter: Duration) -> Self {
        let seconds = retryAfter.wholeSeconds
        var error = Self(429, "throttled", title, detail: "Try again in \(PageTime.span(seconds)).", retryAfter: seconds)
        error.event = .throttled
        return error
    }

    static let notFound = Self(404, "not-found", "There is no such thing here")
    static let fileNotFound = Self(404, "file-not-found", "You have no file with this id")

    static func methodNotAllowed(allow: String) -> Self {
        var error = Self(405, "method-not-allowed", "This method has no meaning here", detail: "Allowed: \(allow).")
        error.headers[.allow] = allow
        return error
    }

    static func fileTooLarge(limit: Int64) -> Self {
        var error = Self(413, "file-too-large", "The file is too large", detail: "At most \(limit) bytes are taken.")
        error.problem.members = [.init("maximum", .number(limit))]
        return error
    }

    static func requestTooLarge(limit: Int) -> Self {
        Self(413, "request-too-large", "The request body is too large", detail: "At most \(limit) bytes are taken.")
    }

    static let cutBody = Self(400, "cut-body", "The body ended before its announced length")

    static let noFile = Self(
        400, "no-file", "The request has no file", detail: "Send at least one part with a file name in its Content-Disposition.")

    static let encodedBody = Self(
        415, "encoded-body", "Encoded request bodies are not taken", detail: "Send the body without Content-Encoding.")

    static func mediaType(expected: String) -> Self {
        Self(415, "media-type", "The body has the wrong type", detail: "Send \(expected).")
    }

    static let expectationFailed = Self(417, "expectation-failed", "Only Expect: 100-continue is understood")

    static func tooManyUploads(limit: Int, user: UserID) -> Self {
        var error = Self(
            429, "too-many-uploads", "Too many uploads at the same time", detail: "At most \(limit) run in parallel for one user.",
            retryAfter: 1)
        error.problem.members = [.init("maximum", .number(Int64(limit)))]
        error.event = .throttled
        error.user = user
        return error
    }

    /// Stands for all parts behind the place where reading stopped: how many there are, nobody knows.
    static func partsNotRead(limit: Int64) -> Self {
        Self(
            413, "parts-not-read", "The rest of the request was not read",
            detail: "Reading stopped when \(limit) bytes of refused files had been thrown away. Files behind them were not taken: "
                + "send those again, without the ones that are refused.")
    }

    static func badRange(size: Int64) -> Self {
        var error = Self(416, "bad-range", "The file has no such range", detail: "One range within the file is answered.")
        error.headers[.contentRange] = ByteRange.unsatisfiable.contentRange(size: size)
        return error
    }

    static let internalError = Self(500, "internal", "Something went wrong on our side")

    static let unavailable = Self(
        503, "unavailable", "A service that is needed does not answer", detail: "Nothing was lost. Send the same request again.",
        retryAfter: 2)

    /// Of the same kind as `unavailable`, because a program shall do the same: repeat it.
    static let unknownDeletion = Self(
        503, "unavailable", "The connection to the database was lost at the last step",
        detail: "The files may be deleted or not. Send the same request again: what it does not find then is gone.", retryAfter: 2)

    /// Of uploads only, and of a kind of its own: a program must not repeat it blindly, or the file is there twice.
    static let unknownOutcome = Self(
        503, "unknown-outcome", "The connection to the database was lost at the last step",
        detail: "The file may have been accepted: look for it before you send it again.", retryAfter: 2)

    static let queueFull = Self(
        503, "queue-full", "Too much work is waiting",
        detail: "What was accepted is being carried on. Nothing of this request was taken: send it again.", retryAfter: 5)

    static let stagingFull = Self(
        507, "staging-full", "There is no room for new files now",
        detail: "Files already accepted are being carried on; that makes room.", retryAfter: 30)
}

extension Duration {
    /// At least one, rounded up, as Retry-After counts.
    var wholeSeconds: Int { max(1, Int(clamping: components.seconds) + (components.attoseconds > 0 ? 1 : 0)) }
}
