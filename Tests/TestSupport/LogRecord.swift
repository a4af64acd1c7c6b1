import Logging
import Synchronization

/// What was logged, for tests that expect an operator to be told something.
final class LogRecord: Sendable {
    private let texts = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    /// Whether a message, or the error that came with it, contains `text`.
    func holds(_ text: String) -> Bool {
        texts.withLock { $0.contains { $0.contains(text) } }
    }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.notice

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let error = event.metadata?["error"].map { ": \($0)" } ?? ""
            record.texts.withLock { $0.append("\(event.message)\(error)") }
        }
    }
}
