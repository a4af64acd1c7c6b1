public import Logging

/// Writes each event as one line of JSON: time (UTC), level, label, message, then error and metadata when there are any.
///
/// Strings are cut at 8 KiB. Metadata is an object of its own, so no key can pass for the level or the time.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    /// Bytes of one string.
    fileprivate static let stringLimit = 8192

    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: receives one line with its line break; called by any thread.
    public init(
        label: String, level: Logger.Level, metadataProvider: Logger.MetadataProvider? = nil,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.label = label
        self.metadataProvider = metadataProvider
        self.write = write
        logLevel = level
    }

    /// Makes every `Logger` of this process write to standard error at `level`. To be called once, first thing in `main`.
    public static func bootstrap(level: Logger.Level) {
        let output = LineOutput.standardError
        LoggingSystem.bootstrap(
            { label, provider in JSONLogHandler(label: label, level: level, metadataProvider: provider) { output.write($0) } },
            metadataProvider: nil)
    }

    /// Stands in the log for lines that were dropped.
    package static func lineForDropped(_ count: Int) -> [UInt8] {
        var line = JSONText()
        line.raw("{\"time\":\"")
        line.time()
        line.raw("\",\"level\":\"warning\",\"label\":\"log\",\"message\":\"lines were dropped that nobody read in time\",")
        line.raw("\"metadata\":{\"count\":\"")
        line.number(count)
        line.raw("\"}}\n")
        return line.bytes
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = JSONText()
        line.raw("{\"time\":\"")
        line.time()
        line.raw("\",\"level\":")
        line.string(event.level.rawValue)
        line.raw(",\"label\":")
        line.string(label)
        line.raw(",\"message\":")
        line.string(event.message.description, limit: Self.stringLimit)
        if let error = event.error {
            line.raw(",\"error\":")
            line.string("\(error)", limit: Self.stringLimit)
        }
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if !all.isEmpty {
            line.raw(",\"metadata\":")
            line.value(.dictionary(all))
        }
        line.raw("}\n")
        write(line.bytes)
    }
}

extension JSONText {
    fileprivate mutating func value(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(text, limit: JSONLogHandler.stringLimit)
        case .stringConvertible(let convertible): string(convertible.description, limit: JSONLogHandler.stringLimit)
        case .array(let elements):
            raw("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { raw(",") }
                self.value(element)
            }
            raw("]")
        case .dictionary(let pairs):
            raw("{")
            for (index, pair) in pairs.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { raw(",") }
                string(pair.key, limit: JSONLogHandler.stringLimit)
                raw(":")
                self.value(pair.value)
            }
            raw("}")
        }
    }
}
