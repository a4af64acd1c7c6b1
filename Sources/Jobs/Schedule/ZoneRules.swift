import Platform

/// The offsets of a time zone's local time from UTC, from the time zone database of the machine.
///
/// Foundation has them too, but only together with ICU (30 MB); the files are small and their form is a standard, RFC 8536.
/// A process reads a zone once: after an update of the database it goes on with the old rules until it is started again.
public struct ZoneRules: Sendable {
    /// A stretch of time with one offset.
    struct Span: Sendable, Hashable {
        /// The first second of it, or `Int64.min`.
        let start: Int64
        /// The first second behind it, or `Int64.max`.
        let end: Int64
        /// Seconds to add to UTC.
        let offset: Int64
    }

    struct Transition: Sendable {
        let instant: Int64
        let offset: Int64
    }

    /// No zone is farther from UTC (RFC 8536, 3.2).
    static let largestOffset: Int64 = 26 * 3600

    public static let utc = ZoneRules(identifier: "UTC", initialOffset: 0, transitions: [], rule: nil)

    /// Its IANA name, for instance `Europe/Berlin`.
    public let identifier: String
    private let initialOffset: Int64
    /// In the order of their instants.
    private let transitions: [Transition]
    /// What holds behind the last transition.
    private let rule: ZoneRule?

    init(identifier: String, initialOffset: Int64, transitions: [Transition], rule: ZoneRule?) {
        self.identifier = identifier
        self.initialOffset = initialOffset
        self.transitions = transitions
        self.rule = rule
    }

    /// Seconds to add to UTC at an instant.
    package func offset(at instant: Int64) -> Int64 { span(at: instant).offset }

    func span(at instant: Int64) -> Span {
        let next = transitions.partitioningIndex { $0.instant > instant }
        if next < transitions.count {
            guard next > 0 else { return Span(start: .min, end: transitions[0].instant, offset: initialOffset) }
            return Span(start: transitions[next - 1].instant, end: transitions[next].instant, offset: transitions[next - 1].offset)
        }
        let last = transitions.last
        guard let rule else { return Span(start: last?.instant ?? .min, end: .max, offset: last?.offset ?? initialOffset) }
        let span = rule.span(at: instant)
        return Span(start: max(span.start, last?.instant ?? .min), end: span.end, offset: span.offset)
    }

    /// The first instant at which clocks show a local time (given as if it were UTC) or a later one: its first occurrence, or
    /// the jump over it.
    func instant(ofLocal local: Int64) -> Int64 {
        var span = span(at: local - Self.largestOffset)
        while true {
            let candidate = local - span.offset
            if candidate < span.start { return span.start }
            if candidate < span.end { return candidate }
            span = self.span(at: span.end)
        }
    }
}

extension [ZoneRules.Transition] {
    /// Where the array, sorted, begins to satisfy `predicate`.
    fileprivate func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
