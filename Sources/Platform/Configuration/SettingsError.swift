/// Everything that is wrong with the settings, so that one start shows all of it. Shows no secret value.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// One fault: a variable and a sentence about it that begins with a verb.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        public let name: String
        public let reason: String

        public var description: String { "\(name) \(reason)" }
    }

    /// In the order of the table, unknown names last. Never empty.
    public let problems: [Problem]

    /// The status a process ends with on this error: `EX_CONFIG` of sysexits.h.
    public static let exitCode: Int32 = 78

    public var description: String {
        (["The settings are wrong:"] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
}
