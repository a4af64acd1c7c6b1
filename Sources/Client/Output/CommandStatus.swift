/// How a command ends, by the numbers of sysexits.h where there is one.
public enum CommandStatus: Int32, Sendable, Comparable, CaseIterable {
    case success = 0
    /// The server refused some of it, and would again.
    case refused = 1
    /// Something on this machine could not be read or written (`EX_IOERR`).
    case local = 74
    /// Given up for now; the same command goes on (`EX_TEMPFAIL`).
    case postponed = 75
    /// The server could not be reached (`EX_UNAVAILABLE`).
    case unreachable = 69
    /// The token is not accepted (`EX_NOPERM`).
    case tokenRefused = 77

    /// What weighs more is greater: of several failures, the one tells that decides what to do next.
    public static func < (left: Self, right: Self) -> Bool { left.weight < right.weight }

    private var weight: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
