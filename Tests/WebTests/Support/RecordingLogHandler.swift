import Logging

/// Records the `event` of each line, or its message where it has none.
struct RecordingLogHandler: LogHandler {
    private let recorder: Recorder<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ recorder: Recorder<String>) {
        self.recorder = recorder
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let count = event.metadata?["count"].map { " × \($0)" } ?? ""
        recorder.record((event.metadata?["event"]?.description ?? event.message.description) + count)
    }
}
