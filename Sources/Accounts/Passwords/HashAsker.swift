public import Platform

/// Who wants a password hashed, which decides where they wait for it.
public enum HashAsker: Sendable, Hashable {
    /// Anybody.
    case stranger
    /// A user who is signed in, has signed in before in the browser that asks, or has read a mail of ours.
    case known(UserID)
}
