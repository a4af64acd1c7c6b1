/// Why something was not done.
public enum ClientFailure: Error, Sendable, Hashable {
    case refused(Problem)
    case tokenRefused(Problem)
    case unreachable(String)
    case postponed(String)
    case local(String)
    case interrupted

    public var exitStatus: CommandStatus {
        switch self {
        case .refused: .refused
        case .tokenRefused: .tokenRefused
        case .unreachable: .unreachable
        case .postponed, .interrupted: .postponed
        case .local: .local
        }
    }

    /// Whether nothing else can succeed either.
    var endsAll: Bool {
        switch self {
        case .tokenRefused, .unreachable, .interrupted: true
        case .refused, .postponed, .local: false
        }
    }

    /// One line, safe to show.
    public var sentence: String {
        switch self {
        case .refused(let problem): problem.sentence
        case .tokenRefused(let problem): "the token is not accepted: \(problem.sentence)"
        case .unreachable(let reason): "the server cannot be reached: \(PlainText.escape(reason))"
        case .postponed(let reason): "given up for now: \(PlainText.escape(reason))"
        case .local(let reason): PlainText.escape(reason)
        case .interrupted: "interrupted"
        }
    }
}
