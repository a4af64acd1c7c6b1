import Files
import HTTPTypes
import Hummingbird

/// Everything that can speak against a body is asked here, before the client is told to send it.
struct UploadGate {
    let staging: StagingArea
    let admission: UploadAdmission
    let pressure: Pressure
    let quotas: QuotaKeeper

    /// Lets a request with files in and holds its place and its room while `body` reads it.
    ///
    /// - Parameters:
    ///   - count: the bytes that are announced; 0 when none are.
    ///   - ahead: bytes beyond those that may come as well.
    func admit<T>(
        _ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, ahead: Int64 = 0, _ body: (QuotaLease) async throws -> T
    ) async throws -> T {
        try await hold(request, uploader) {
            let lease = try await quotas.take(owner: uploader.user, bytes: count, ahead: ahead)
            return try await open(request, uploader, expecting: count) { try await body(lease) }
        }
    }

    /// The same for a request that may be the repetition of another: it then is known before anything else is asked for it, and
    /// needs no room.
    func admit(
        _ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, ahead: Int64 = 0, as upload: IdempotentUpload,
        _ body: (IdempotentUpload.Turn, QuotaLease) async throws -> Response
    ) async throws -> Response {
        try await hold(request, uploader) {
            try await upload.run { turn in
                let lease =
                    if case .again = turn {
                        QuotaLease(ofEverythingFor: uploader.user)
                    } else {
                        try await quotas.take(owner: uploader.user, bytes: count, ahead: ahead)
                    }
                return try await open(request, uploader, expecting: count) { try await body(turn, lease) }
            }
        }
    }

    /// The same for what asks for its room, and has more to ask before it tells the client to send (`Expectation`), by itself.
    func enter<T>(_ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, _ body: () async throws -> T) async throws -> T {
        try await hold(request, uploader) {
            try await open(request, uploader, expecting: count, tellsToSend: false, body)
        }
    }

    /// The same for what may be the repetition of another.
    func enter(
        _ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, as upload: IdempotentUpload,
        _ body: (IdempotentUpload.Turn) async throws -> Response
    ) async throws -> Response {
        try await hold(request, uploader) {
            try await upload.run { turn in
                try await open(request, uploader, expecting: count, tellsToSend: false) { try await body(turn) }
            }
        }
    }

    /// What speaks against any body of this user now.
    private func hold<T>(_ request: Request, _ uploader: Uploader, _ body: () async throws -> T) async throws -> T {
        guard request.headers.value(of: .contentEncoding).map({ $0.lowercased() == "identity" }) ?? true else { throw APIError.encodedBody }
        return try await admission.admit(uploader.user) {
            if let refusal = pressure.refusal { throw refusal }
            return try await body()
        }
    }

    /// What speaks against this body.
    private func open<T>(
        _ request: Request, _ uploader: Uploader, expecting count: Int64, tellsToSend: Bool = true, _ body: () async throws -> T
    ) async throws -> T {
        try await staging.checkSpace(for: count)
        if tellsToSend { try await Expectation.meet(request, on: uploader.channel) }
        return try await body()
    }
}
