public import Logging

extension Logger {
    /// For what a test has no interest in.
    public static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
