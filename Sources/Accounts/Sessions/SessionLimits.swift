/// How long sessions last.
public struct SessionLimits: Sendable, Hashable {
    /// Without anything that a person does.
    public var idle: Duration
    /// Whatever a person does.
    public var lifetime: Duration
    /// The lifetime of a session that knows the password and waits for the code.
    public var awaitingCode: Duration

    public init(idle: Duration = .seconds(15 * 60), lifetime: Duration = .seconds(12 * 3600)) {
        self.idle = idle
        self.lifetime = lifetime
        awaitingCode = min(lifetime, .seconds(3600))
    }
}
