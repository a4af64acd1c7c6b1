public import Logging

/// The names of log metadata. One list, so that the same thing has the same name in every line of every process.
public enum LogKey: String, Sendable, CaseIterable {
    case address, attempt, code, count, crashed, epoch, error, event, fired, job, kind, missed, partition, path, peer, poisoned, pool
    case port, process, queue, reason, request, returned, schedule, user, violation
    case jobType = "job_type"
    case sqlState = "sql_state"
}

extension Logger.Metadata {
    /// Metadata from named keys: `logger.info("…", metadata: .init([.file: "\(id)"]))`.
    public init(_ pairs: [LogKey: Logger.MetadataValue]) {
        self.init(minimumCapacity: pairs.count)
        for (key, value) in pairs { self[key.rawValue] = value }
    }
}

extension Logger {
    /// The metadata that goes with every line of this logger.
    public subscript(key: LogKey) -> Logger.MetadataValue? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }

    /// A copy that adds `pairs` to every line.
    public func with(_ pairs: [LogKey: Logger.MetadataValue]) -> Logger {
        var copy = self
        for (key, value) in pairs { copy[key] = value }
        return copy
    }
}
