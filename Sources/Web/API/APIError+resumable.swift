import Files
import HTTPTypes

/// Refusals of uploads that come in several requests.
extension APIError {
    /// A field of the protocol; `code` names it.
    init(_ error: UploadFieldError) {
        self =
            error.isUnsupported
            ? Self(400, "digest-unsupported", "The algorithm is not known here", detail: error.message)
            : Self(400, "bad-upload-field", "A field of the upload cannot be used", detail: error.message)
        problem.code = error.field.rawValue
        if !error.isUnsupported { event = .inputRefused }
    }

    /// - Returns: nil for what has nothing to do with them.
    init?(resumable error: FilesError) {
        switch error.code {
        case .uploadNotFound: self = .uploadNotFound
        case .uploadExpired: self = .uploadExpired
        case .uploadElsewhere: self = .uploadElsewhere
        case .uploadBusy: self = .uploadBusy
        case .uploadEnded: self = .superseded
        case .wrongOffset: self = .wrongOffset(error.offset)
        case .wrongLength: self.init(UploadFieldError(.length, "Once it is told it stays, and it is no less than what is there."))
        case .tooManyUploads: self = .tooManyOpenUploads(limit: error.maximum)
        case .partsUnusable: self = .partsUnusable
        case .partsUnfinished: self = .partsUnfinished
        case .digestMismatch: self = .uploadDigestMismatch
        default: return nil
        }
    }

    static let tusVersion: Self = {
        var error = Self(
            412, "tus-version", "This is not the version of tus that is spoken here", detail: "Send Tus-Resumable: \(TusProtocol.version).")
        error.headers[.tusVersion] = TusProtocol.version
        return error
    }()

    static let methodOverride: Self = {
        var error = Self(
            403, "method-override", "The method may be overridden with a token only", detail: "Send the request with the method itself.")
        error.event = .requestForged
        return error
    }()

    static let uploadNotFound = Self(404, "upload-not-found", "You have no upload with this address", detail: "Begin again.")

    /// The same for a part that is another user's as for one that is not there (H51).
    static let partsUnusable = Self(
        404, "upload-not-found", "A part cannot be used",
        detail: "Every part has to be a finished part of yours that nothing else was made of.")

    static let partsUnfinished = Self(
        409, "parts-unfinished", "A part is not finished", detail: "Send the rest of every part, then this again.")

    static func wrongOffset(_ offset: Int64?) -> Self {
        var error = Self(409, "wrong-offset", "The bytes do not go on where the upload ends", detail: "Ask with HEAD where it ends.")
        if let offset {
            error.headers[.uploadOffset] = String(offset)
            error.problem.members = [.init("offset", .number(offset))]
        }
        return error
    }

    static let uploadExpired = Self(410, "upload-expired", "The upload has expired", detail: "Begin again.")

    static let uploadIsJoined = Self(
        403, "upload-is-joined", "Of what is made of parts neither the whole nor a part can be changed",
        detail: "Delete the whole, then begin again.")

    /// - Parameter failure: the kind of problem that it ended with.
    static func uploadDead(_ failure: String?) -> Self {
        var error = Self(422, "upload-dead", "The upload has failed for good", detail: "Its bytes are gone. Begin again.")
        error.problem.code = failure
        return error
    }

    /// Not in our way, only not free yet: clients of the protocol take 423 for an upload that is still there.
    static let uploadBusy = Self(
        423, "upload-busy", "Another request holds the upload and does not answer", detail: "Ask again: it loses its hold by itself.",
        retryAfter: 2)

    static let uploadElsewhere = Self(
        503, "upload-elsewhere", "Another server has the bytes of this upload", detail: "Ask again, to reach that one.", retryAfter: 2)

    static func tooManyOpenUploads(limit: Int64?) -> Self {
        var error = Self(
            429, "too-many-open-uploads", "Too many uploads are begun and not ended", detail: "End some, or delete them.", retryAfter: 60)
        if let limit { error.problem.members = [.init("maximum", .number(limit))] }
        error.event = .throttled
        return error
    }

    /// Status 460 is the protocol's own.
    static let checksumMismatch = Self(
        460, "checksum-mismatch", "The bytes are not those of the checksum", detail: "None of them was kept. Send them again.")

    static let uploadDigestMismatch = Self(
        400, "digest-mismatch", "The file is not the one that was announced", detail: "Its bytes are gone. Begin again.")
}
