import Files
import HTTPTypes
import Hummingbird

/// Everything that can speak against a body is asked here, before the client is told to send it.
struct UploadGate {
    let staging: StagingArea
    let admission: UploadAdmission
    /// Whether the queue has had no room for jobs just now.
    let isQueueFull: @Sendable () -> Bool

    /// Lets a request in and holds its place while `body` reads it.
    ///
    /// - Parameter count: the bytes that are announced; 0 when none are.
    func admit<T>(
        _ request: Request, _ uploader: Uploader, expecting count: Int64 = 0, _ body: () async throws -> T
    ) async throws -> T {
        guard request.headers.value(of: .contentEncoding).map({ $0.lowercased() == "identity" }) ?? true else { throw APIError.encodedBody }
        return try await admission.admit(uploader.user) {
            guard !isQueueFull() else { throw APIError.queueFull }
            try await staging.checkSpace(for: count)
            try await Expectation.meet(request, on: uploader.channel)
            return try await body()
        }
    }
}
