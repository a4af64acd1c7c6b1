/// Decides which security events get a log line of their own, so that whoever causes them by the million does not also fill
/// the disk.
///
/// In each window of time the first few events of a kind are written one by one. Further ones are counted, and their number
/// is written once when the window has passed. A value without a clock.
package struct SecurityEventWindow: Sendable {
    private struct Kind {
        var since: ContinuousClock.Instant
        var written = 0
        var held = 0
    }

    private let length: Duration
    private let limit: Int
    private var kinds: [SecurityEvent: Kind] = [:]

    /// - Parameter limit: lines of one kind in one window.
    package init(length: Duration, limit: Int) {
        self.length = length
        self.limit = limit
    }

    /// - Returns: whether the event is to be written, and how many of its kind were held back in a window before.
    package mutating func admit(_ event: SecurityEvent, at now: ContinuousClock.Instant) -> (isWritten: Bool, held: Int) {
        var kind = kinds[event] ?? Kind(since: now)
        var held = 0
        if now - kind.since >= length {
            held = kind.held
            kind = Kind(since: now)
        }
        let isWritten = kind.written < limit
        if isWritten { kind.written += 1 } else { kind.held += 1 }
        kinds[event] = kind
        return (isWritten, held)
    }

    /// How many events were held back in windows that have passed (with `isEnd`: in all), and nobody has been told of.
    package mutating func flush(at now: ContinuousClock.Instant, isEnd: Bool = false) -> [(event: SecurityEvent, held: Int)] {
        SecurityEvent.allCases.compactMap { event in
            guard let kind = kinds[event], isEnd || now - kind.since >= length else { return nil }
            kinds[event] = nil
            return kind.held > 0 ? (event, kind.held) : nil
        }
    }
}
