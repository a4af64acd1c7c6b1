public import FoundationEssentials
public import Platform

/// A visit, from the first page on. As long as nobody has given a password it is a value that the browser alone keeps.
public struct Session: Sendable {
    /// How far signing in has come. The identifier of the session changes with it.
    public enum State: Sendable, Hashable {
        case anonymous
        /// The password was right. Grants nothing but to type the code.
        case awaitingCode(SignedInUser)
        case signedIn(SignedInUser)
    }

    /// The identifier, for the cookie.
    public let ticket: SessionTicket
    public let state: State
    /// To be repeated by every form. Computed from the identifier, so each identifier has its own.
    public let csrf: Secret
    public let openedAt: Date
    public let lastUsedAt: Date
    /// When it ends unless a person does something; never later than the absolute end.
    public let idleEnd: Date
    public let absoluteEnd: Date

    /// Whoever is signed in; nobody as long as the code is missing.
    public var user: SignedInUser? {
        if case .signedIn(let user) = state { user } else { nil }
    }
}

/// A user as sessions know them.
public struct SignedInUser: Sendable, Hashable {
    public let id: UserID
    public let name: String

    init(id: UserID, name: String) {
        self.id = id
        self.name = name
    }
}

extension SignedInUser: CustomStringConvertible {
    /// Safe to log: without the name.
    public var description: String { "user \(id)" }
}

/// What became of a session.
public enum SessionLookup: Sendable {
    case live(Session)
    case gone(SessionEnd)
}

/// Why a session is gone.
public enum SessionEnd: String, Sendable, Hashable, CaseIterable {
    /// Nobody did anything for too long.
    case idle
    /// It had lasted as long as sessions may.
    case absolute
    /// Its user signed out.
    case logout
    /// Its user ended it from another session.
    case elsewhere
    /// The password was changed or reset.
    case password
    /// The user was disabled.
    case disabled
    /// The operator ended all sessions of the user.
    case byOperator = "operator"
    /// It goes on under another identifier, since its user signed in or changed the password.
    case replaced
}
