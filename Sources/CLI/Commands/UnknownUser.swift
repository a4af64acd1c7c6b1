import Accounts

/// No user has the name that the operator gave.
struct UnknownUser: Error, CustomStringConvertible {
    let name: String
    var description: String { "there is no user named \(name)" }
}

extension UserStore {
    /// The user of that name, of whom the operator said that he exists.
    func require(name: String) async throws -> User {
        guard let user = try await find(name: name) else { throw UnknownUser(name: name) }
        return user
    }
}
