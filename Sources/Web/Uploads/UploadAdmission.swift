import Platform
import Synchronization

/// How many uploads each user has running in this process, so that one user cannot take all of them (H23).
final class UploadAdmission: Sendable {
    private let limit: Int
    private let running = Mutex<[UserID: Int]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Runs `body` as one of the user's uploads.
    ///
    /// - Throws: `APIError.tooManyUploads` at once when the user is at the limit; nobody waits.
    func admit<T>(_ user: UserID, _ body: () async throws -> T) async throws -> T {
        let admitted = running.withLock { running in
            guard running[user, default: 0] < limit else { return false }
            running[user, default: 0] += 1
            return true
        }
        guard admitted else { throw APIError.tooManyUploads(limit: limit, user: user) }
        defer {
            running.withLock { running in
                let left = running[user, default: 1] - 1
                running[user] = left > 0 ? left : nil
            }
        }
        return try await body()
    }
}
