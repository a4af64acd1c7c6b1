import Platform
import Synchronization

/// How many uploads each user has running in this process, so that one user cannot take all of them (H23).
final class UploadAdmission: Sendable {
    private struct State {
        var all = 0
        var users: [UserID: Int] = [:]
    }

    private let limit: Int
    private let total: Int
    private let running = Mutex(State())

    /// - Parameters:
    ///   - limit: of one user.
    ///   - total: of all. From three quarters on nobody gets more than an equal share.
    init(limit: Int, total: Int) {
        self.limit = limit
        self.total = total
    }

    /// Runs `body` as one of the user's uploads.
    ///
    /// - Throws: `APIError.tooManyUploads` at once when the user is at the limit, `APIError.busy` when there is no place; nobody waits.
    func admit<T>(_ user: UserID, _ body: () async throws -> T) async throws -> T {
        try enter(user)
        defer { leave(user) }
        return try await body()
    }

    private func enter(_ user: UserID) throws(APIError) {
        try running.withLock { state throws(APIError) in
            let own = state.users[user, default: 0]
            guard own < limit else { throw .tooManyUploads(limit: limit, user: user) }
            let users = state.users.count + (own == 0 ? 1 : 0)
            let isCrowded = state.all >= total - total / 4
            guard state.all < total, !isCrowded || own < max(1, total / users) else { throw .busy }
            state.all += 1
            state.users[user] = own + 1
        }
    }

    private func leave(_ user: UserID) {
        running.withLock { state in
            state.all -= 1
            let left = state.users[user, default: 1] - 1
            state.users[user] = left > 0 ? left : nil
        }
    }
}
