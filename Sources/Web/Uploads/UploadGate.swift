import Files
import HTTPTypes
import Hummingbird

/// Everything that can speak against a body is asked here, before the client is told to send it.
struct UploadGate {
    let staging: StagingArea
    let admission: UploadAdmission
    let pressure: Pressure
    let quotas: QuotaKeeper

    /// Lets a request in and holds its place while `body` reads it. What `body` has still to ask is asked before it tells the client to
    /// send: `admit`, or its own questions and `Expectation`.
    ///
    /// - Parameter count: the bytes that are announced; 0 when none are.
    func enter<T>(_ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, _ body: () async throws -> T) async throws -> T {
        try await hold(request, uploader) {
            try await staging.checkSpace(for: count)
            return try await body()
        }
    }

    /// The same for a request that may be the repetition of another: that is known before anything is asked for its bytes.
    func enter(
        _ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, as upload: IdempotentUpload,
        _ body: (IdempotentUpload.Turn) async throws -> Response
    ) async throws -> Response {
        try await hold(request, uploader) {
            try await upload.run { turn in
                try await staging.checkSpace(for: count)
                return try await body(turn)
            }
        }
    }

    /// Takes the room of a request that is let in, and tells its client to send. A repetition needs no room.
    ///
    /// - Parameters:
    ///   - count: the bytes that are announced; 0 when none are.
    ///   - ahead: bytes beyond those that may come as well.
    func admit(
        _ request: Request, _ uploader: Uploader, _ turn: IdempotentUpload.Turn = .first(nil), expecting count: Int64 = 0, ahead: Int64
    ) async throws -> QuotaLease {
        let lease =
            if case .again = turn {
                QuotaLease(ofEverythingFor: uploader.user)
            } else {
                try await quotas.take(owner: uploader.user, bytes: count, ahead: ahead)
            }
        try await Expectation.meet(request, on: uploader.channel)
        return lease
    }

    /// What speaks against any body of this user now.
    private func hold<T>(_ request: Request, _ uploader: Uploader, _ body: () async throws -> T) async throws -> T {
        guard request.headers.value(of: .contentEncoding).map({ $0.lowercased() == "identity" }) ?? true else { throw APIError.encodedBody }
        return try await admission.admit(uploader.user) {
            if let refusal = pressure.refusal { throw refusal }
            return try await body()
        }
    }
}
