/// What the worker puts into a mail about a registration with an address that has an account.
public struct RegistrationMail: Sendable {
    public let address: String
    /// The name of the user whose address it is.
    public let name: String
}
