import Platform
import Synchronization

/// The event streams that are open in this process: so many in all and so many of a user.
final class StreamPlaces: Sendable {
    private struct State {
        var all = 0
        var users: [UserID: Int] = [:]
    }

    /// A place, as long as it exists: whatever becomes of a stream, it gives its place back.
    final class Place: Sendable {
        private let places: StreamPlaces
        private let user: UserID

        fileprivate init(_ places: StreamPlaces, _ user: UserID) {
            self.places = places
            self.user = user
        }

        deinit { places.leave(user) }
    }

    private let limit: Int
    private let limitOfUser: Int
    private let state = Mutex(State())

    init(limit: Int, limitOfUser: Int) {
        self.limit = limit
        self.limitOfUser = limitOfUser
    }

    /// - Throws: `APIError` when there is no place; nobody waits.
    func enter(_ user: UserID) throws -> Place {
        let refusal: APIError? = state.withLock { state in
            guard state.users[user, default: 0] < limitOfUser else { return .tooManyStreams(limit: limitOfUser, user: user) }
            guard state.all < limit else { return .unavailable }
            state.all += 1
            state.users[user, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
        return Place(self, user)
    }

    private func leave(_ user: UserID) {
        state.withLock { state in
            state.all -= 1
            let left = state.users[user, default: 1] - 1
            state.users[user] = left > 0 ? left : nil
        }
    }
}

extension APIError {
    fileprivate static func tooManyStreams(limit: Int, user: UserID) -> Self {
        var error = Self(
            429, "too-many-streams", "Too many event streams at the same time", detail: "At most \(limit) run in parallel for one user.",
            retryAfter: 30)
        error.event = .throttled
        error.user = user
        return error
    }
}
