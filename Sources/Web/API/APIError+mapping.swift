import Accounts
import Files
import Hummingbird
import Jobs

extension APIError {
    /// What the client is told about any error. What is not known is our own fault, and says nothing.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as APIError: error
            case let error as FilesError: Self(files: error)
            case let error as MultipartError: Self(ProblemDetails(error), event: error.isClumsiness ? nil : .inputRefused)
            case let error as RequestSyntaxError: Self(ProblemDetails(error), event: .inputRefused)
            case let error as UploadFieldError: Self(error)
            case let error as AccountsError: Self(accounts: error)
            case let error as JobsError: error.code == .full ? .queueFull : .unavailable
            case let error as HTTPError where error.status == .notFound: .notFound
            default: .internalError
            }
    }

    private init(accounts error: AccountsError) {
        self =
            switch error.code {
            case .database, .unavailable, .busy, .cancelled, .closed: .unavailable
            default: .internalError
            }
    }

    private init(files error: FilesError) {
        self =
            switch error.code {
            case .database, .closed, .cancelled: .unavailable
            case .unknownOutcome: .unknownOutcome
            case .unknownDeletion: .unknownDeletion
            case .stagingFull: .stagingFull
            case .quotaExceeded: error.quota.map(Self.quotaExceeded) ?? .internalError
            case .superseded: .superseded
            case .refused: error.underlying as? APIError ?? .internalError
            case .tooLarge: Self(413, "file-too-large", "The file is too large")
            case .badName: Self(400, "bad-name", "The file name cannot be used", detail: error.message)
            case .badCursor: Self(400, "bad-cursor", "The cursor is not one of ours", detail: "Start again without a cursor.")
            default: Self(resumable: error) ?? .internalError
            }
        if error.code == .badName || error.code == .badCursor { event = .inputRefused }
    }
}

extension MultipartError {
    /// What happens to well-meaning clients too: another type of body, a connection that breaks.
    fileprivate var isClumsiness: Bool { code == .notFormData || code == .truncated }
}
