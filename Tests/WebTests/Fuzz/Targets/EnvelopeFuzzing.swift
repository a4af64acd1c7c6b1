import Jobs

/// What workers read from queues. The first byte chooses: an entry, or an envelope.
enum EnvelopeFuzzing {
    static func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        if choice & 1 == 0 { try checkEntry(Array(input.dropFirst())) } else { try checkEnvelope(input.dropFirst()) }
    }

    /// What never changes of an entry is written as it was read.
    private static func checkEntry(_ input: [UInt8]) throws {
        guard let entry = try? JobEntry(input) else { return }
        let tail = JobEntry.tail(
            lane: "\(entry.priority):\(entry.tenant)", id: entry.id, type: entry.type, uniqueKey: entry.uniqueKey, body: Array(entry.body))
        try FuzzFinding.unless(tail.count == entry.tailSize && input.suffix(tail.count).elementsEqual(tail), "the tail reads as another")
        try FuzzFinding.unless(entry.readyAt >= 0 && entry.enqueuedAt >= 0 && entry.attempts >= 0, "a number below 0")
        if !entry.isApart { try checkEnvelope(entry.body) }
    }

    private static func checkEnvelope(_ input: ArraySlice<UInt8>) throws {
        guard let envelope = try? JobEnvelope(input) else { return }
        let written = try JobEnvelope.encode(
            schemaVersion: envelope.schemaVersion, extensions: envelope.extensions, payload: Array(envelope.payload))
        try FuzzFinding.unless((try? JobEnvelope(written[...])) == envelope, "written and read, an envelope is another")
    }
}
