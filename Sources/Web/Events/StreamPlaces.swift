import Platform

/// The event streams that are open in this process.
struct StreamPlaces: Sendable {
    private let places: Places<UserID>
    private let limitOfUser: Int

    init(limit: Int, limitOfUser: Int) {
        places = Places(limit: limit, limitOfHolder: limitOfUser)
        self.limitOfUser = limitOfUser
    }

    /// - Throws: `APIError` when there is no place.
    func enter(_ user: UserID) throws -> Places<UserID>.Place {
        do throws(Places<UserID>.Refusal) {
            return try places.enter(user)
        } catch {
            switch error {
            case .holderIsFull: throw APIError.tooManyStreams(limit: limitOfUser, user: user)
            case .allAreTaken: throw APIError.unavailable
            }
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
