/// What became of a mail with a code.
public enum MailDelivery: String, Sendable, Hashable {
    /// The mail server has taken responsibility for it.
    case accepted
    /// It was not taken yet, and is tried again for as long as the code counts.
    case delayed
    /// It was refused for good, so nothing will come.
    case refused
}
