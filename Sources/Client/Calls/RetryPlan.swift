import Platform

/// When something that failed is tried again.
///
/// Delays grow from half a second to a minute, with jitter, and are never shorter than the server asks for. Progress begins anew: what
/// counts are ten failures without a byte in between. A server that cannot be reached at all is not counted but timed.
package struct RetryPlan: Sendable {
    package enum Reason: Sendable, Hashable {
        /// No connection came about.
        case unreachable(String)
        /// The connection broke; the request may have been carried out.
        case lost(String)
        /// The server says: later.
        case busy(Problem, after: Duration?)
    }

    package static let maximumTries = 10

    private let patience: Duration
    private var backoff = Backoff(base: .milliseconds(500), cap: .seconds(60))
    private var tries = 0
    /// Whether a request may have been carried out without an answer having come.
    package private(set) var hasLostAnswer = false

    /// - Parameter patience: how long a server may be out of reach, and how long it may ask one to wait.
    package init(patience: Duration) {
        self.patience = patience
    }

    package mutating func progressed() {
        tries = 0
        backoff.reset()
    }

    /// - Parameter silence: since the server was last heard of.
    /// - Returns: how long to wait before the next try.
    package mutating func delay(after reason: Reason, silence: Duration) throws(ClientFailure) -> Duration {
        switch reason {
        case .unreachable(let text):
            guard silence < patience else { throw .unreachable(text) }
            return min(backoff.next(), max(.milliseconds(10), patience - silence))
        case .lost(let text):
            hasLostAnswer = true
            try count(text)
            return backoff.next()
        case .busy(let problem, let least):
            hasLostAnswer = hasLostAnswer || problem.status >= 500
            try count(problem.sentence)
            guard let least else { return backoff.next() }
            guard least <= patience else { throw .postponed("\(problem.sentence); to be tried again in \(least.components.seconds) s") }
            // Many that were told the same moment do not come back in it.
            return max(backoff.next(), least * Double.random(in: 1...1.1))
        }
    }

    private mutating func count(_ text: String) throws(ClientFailure) {
        tries += 1
        if tries >= Self.maximumTries { throw .postponed(text) }
    }
}
