import DequeModule
package import NIOCore

/// What one connection knows, as a value: events go in, actions come out; `RedisChannelHandler` does the I/O.
///
/// Redis answers in the order of the commands, so a queue of those waiting is all that is needed. A caller that gives up
/// (deadline, cancellation) leaves its place in the queue, so that its reply is recognised and dropped.
///
/// `Token` stands for a caller.
package struct ConnectionState<Token> {
    private struct Pending {
        let token: Token
        /// nil: one reply, handed over as it is. Otherwise so many, handed over as an array.
        let batch: Int?
        var replies: [RedisValue] = []
        let deadline: NIODeadline
        /// From here on the connection counts as dead when this is the oldest entry.
        let overdue: NIODeadline
        var isExpired = false
        /// The first reply that says this server cannot serve now.
        var unavailable: RedisError?
    }

    private enum Phase {
        case open
        /// Takes no more commands and ends after the last reply.
        case draining
        case closed
    }

    package enum Submission {
        case write
        case refuse(RedisError)
    }

    package enum Reception {
        /// More replies are needed.
        case wait
        case complete(Token, RedisValue)
        /// The connection is of no more use after this.
        case completeAndClose(Token, RedisValue, RedisError)
        /// A message of a channel subscribed to.
        case push(RedisValue)
        case close(RedisError)
        case ignore
    }

    package struct Timeout {
        /// Callers whose time is up.
        package var expired: [Token] = []
        /// Set when the connection must be closed.
        package var close: RedisError?
        /// When to look again.
        package var next: NIODeadline?
    }

    private var phase = Phase.open
    private var pending: Deque<Pending> = []
    private var commands = 0
    private var armed: NIODeadline?
    private var isTimerStale = false
    private let patience: TimeAmount
    private let maximumCommands: Int
    private let takesPushes: Bool

    /// - Parameters:
    ///   - patience: how long the oldest command waits before the connection counts as dead, if its own deadline is not
    ///     later.
    ///   - maximumCommands: how many may wait for replies.
    ///   - takesPushes: whether this connection subscribes to channels.
    package init(patience: TimeAmount, maximumCommands: Int, takesPushes: Bool = false) {
        self.patience = patience
        self.maximumCommands = maximumCommands
        self.takesPushes = takesPushes
    }

    /// A caller wants to send one command (`batch` nil), or `batch` commands at once.
    package mutating func submit(_ token: Token, batch: Int?, deadline: NIODeadline, now: NIODeadline) -> Submission {
        guard case .open = phase else { return .refuse(RedisError(.unavailable, "the connection is closing")) }
        let count = batch ?? 1
        // A batch above the limit is let through when nothing else waits: it could never be sent otherwise.
        guard commands == 0 || count <= maximumCommands - commands else {
            return .refuse(RedisError(.unavailable, "too many commands wait for replies"))
        }
        commands += count
        pending.append(Pending(token: token, batch: batch, deadline: deadline, overdue: max(deadline, now + patience)))
        if armed.map({ deadline < $0 }) ?? true {
            armed = deadline
            isTimerStale = true
        }
        return .write
    }

    /// Whether no caller waits for a reply; also once the connection is closed.
    package var isIdle: Bool { pending.isEmpty }

    /// When the timer must be set anew, after commands were submitted; nil when it may stay as it is.
    package mutating func timerToSet() -> NIODeadline? {
        guard isTimerStale else { return nil }
        isTimerStale = false
        return armed
    }

    package mutating func receive(_ value: RedisValue) -> Reception {
        if case .closed = phase { return .ignore }
        if takesPushes, isMessage(value) { return .push(value) }
        guard !pending.isEmpty else { return .close(RedisError(.protocolViolation, "a reply to nothing")) }
        if case .error(let sentence) = value, pending[0].unavailable == nil {
            let error = RedisError(server: sentence)
            if error.code == .unavailable { pending[0].unavailable = error }
        }
        commands -= 1
        guard let result = collect(value) else { return .wait }
        // Taken out first: whether anything is left decides what comes next.
        let first = pending.removeFirst()
        return complete(first, result)
    }

    /// - Returns: what the oldest entry gets, once it is complete.
    private mutating func collect(_ value: RedisValue) -> RedisValue? {
        guard let batch = pending[0].batch else { return value }
        pending[0].replies.append(value)
        return pending[0].replies.count == batch ? .array(pending[0].replies) : nil
    }

    private func complete(_ entry: Pending, _ value: RedisValue) -> Reception {
        if let error = entry.unavailable { return .completeAndClose(entry.token, value, error) }
        if case .draining = phase, pending.isEmpty { return .completeAndClose(entry.token, value, Self.drained) }
        return .complete(entry.token, value)
    }

    private func isMessage(_ value: RedisValue) -> Bool {
        guard case .array(let parts) = value, parts.count == 3, case .bytes(let kind) = parts[0] else { return false }
        return kind == Array("message".utf8)
    }

    /// The timer fired.
    package mutating func timeOut(now: NIODeadline) -> Timeout {
        var result = Timeout()
        armed = nil
        for index in pending.indices where !pending[index].isExpired {
            if pending[index].deadline <= now {
                pending[index].isExpired = true
                result.expired.append(pending[index].token)
            } else {
                armed = min(pending[index].deadline, armed ?? .distantFuture)
            }
        }
        guard let oldest = pending.first else { return result }
        guard oldest.overdue > now else {
            result.close = RedisError(.unavailable, "the oldest reply is overdue")
            return result
        }
        armed = min(oldest.overdue, armed ?? .distantFuture)
        result.next = armed
        return result
    }

    /// Takes no more commands.
    ///
    /// - Returns: an error when the connection can be closed at once, else nil: then a later action says so.
    package mutating func drain() -> RedisError? {
        guard case .open = phase else { return nil }
        phase = .draining
        return pending.isEmpty ? Self.drained : nil
    }

    /// The connection is or will be closed.
    ///
    /// - Returns: the callers that will get no reply.
    package mutating func close() -> [Token] {
        phase = .closed
        defer { pending = [] }
        return pending.filter { !$0.isExpired }.map(\.token)
    }

    private static var drained: RedisError { RedisError(.closed, "the client was shut down") }
}
