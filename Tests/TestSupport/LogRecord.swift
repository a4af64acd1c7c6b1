public import Logging
import Synchronization

/// What was logged, for tests that expect an operator to be told something.
public final class LogRecord: Sendable {
    private let level: Logger.Level
    private let texts = Mutex<[String]>([])

    /// - Parameter level: the least severe one that is recorded.
    public init(level: Logger.Level = .notice) {
        self.level = level
    }

    public var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    /// Each message, with what came with it.
    public var lines: [String] { texts.withLock { $0 } }

    /// Whether a message, or what came with it, contains `text`.
    public func holds(_ text: String) -> Bool {
        lines.contains { $0.contains(text) }
    }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        init(record: LogRecord) {
            self.record = record
            logLevel = record.level
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let extras = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { "\($0): \($1)" }
            record.texts.withLock { $0.append(([event.message.description] + extras).joined(separator: ", ")) }
        }
    }
}
