import Platform
import Synchronization

/// The places among the hashes: as many at a time as there are threads, and two lines in which a bounded number waits for one.
///
/// Known users have a line of their own, which strangers cannot fill and which is served first. A user has one place by this right at a
/// time, running or waiting: who asks for more waits among the strangers, as do those for whom the line is too long. So nobody keeps the
/// threads for themselves, whatever they ask for.
final class HashPlaces: Sendable {
    private enum Answer {
        /// - Parameter favourite: who has come in as a known user.
        case entered(favourite: UserID?)
        case full
        case cancelled
    }

    private struct Waiter {
        let number: UInt64
        let favourite: UserID?
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var last: UInt64 = 0
        var running = 0
        var known: [Waiter] = []
        var strangers: [Waiter] = []
        var favourites: Set<UserID> = []
    }

    private let threads: Int
    private let knownLimit: Int
    private let strangerLimit: Int
    private let state = Mutex(State())

    init(threads: Int, known: Int, strangers: Int) {
        (self.threads, knownLimit, strangerLimit) = (threads, known, strangers)
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.known.count + $0.strangers.count } }

    /// Runs `body` in one of the places.
    ///
    /// - Throws: `.busy` at once where there is no place to wait in, `.cancelled` for whoever stops waiting.
    func run<T>(for asker: HashAsker, _ body: () async throws(AccountsError) -> T) async throws(AccountsError) -> T {
        switch await enter(asker) {
        case .entered(let favourite):
            defer { leave(favourite) }
            return try await body()
        case .full: throw AccountsError(.busy, "too many passwords are being checked")
        case .cancelled: throw AccountsError(.cancelled, "cancelled")
        }
    }

    private func enter(_ asker: HashAsker) async -> Answer {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let answer = queue(number, asker, continuation) { continuation.resume(returning: answer) }
            }
        } onCancel: {
            remove(number)?.resume(returning: .cancelled)
        }
    }

    /// - Returns: nil for whoever has to wait.
    private func queue(_ number: UInt64, _ asker: HashAsker, _ continuation: CheckedContinuation<Answer, Never>) -> Answer? {
        state.withLock { state in
            // A cancellation from now on finds whoever waits: it needs the lock.
            if Task.isCancelled { return .cancelled }
            var favourite: UserID?
            if case .known(let user) = asker, !state.favourites.contains(user) { favourite = user }
            if state.running < threads {
                state.running += 1
                if let favourite { state.favourites.insert(favourite) }
                return .entered(favourite: favourite)
            }
            if let favourite, state.known.count < knownLimit {
                state.favourites.insert(favourite)
                state.known.append(Waiter(number: number, favourite: favourite, continuation: continuation))
                return nil
            }
            guard state.strangers.count < strangerLimit else { return .full }
            state.strangers.append(Waiter(number: number, favourite: nil, continuation: continuation))
            return nil
        }
    }

    /// Hands the place on to whoever waits.
    private func leave(_ favourite: UserID?) {
        let next: Waiter? = state.withLock { state in
            if let favourite { state.favourites.remove(favourite) }
            if !state.known.isEmpty { return state.known.removeFirst() }
            if !state.strangers.isEmpty { return state.strangers.removeFirst() }
            state.running -= 1
            return nil
        }
        next?.continuation.resume(returning: .entered(favourite: next?.favourite))
    }

    private func remove(_ number: UInt64) -> CheckedContinuation<Answer, Never>? {
        state.withLock { state in
            if let index = state.known.firstIndex(where: { $0.number == number }) {
                let waiter = state.known.remove(at: index)
                if let favourite = waiter.favourite { state.favourites.remove(favourite) }
                return waiter.continuation
            }
            return state.strangers.firstIndex { $0.number == number }.map { state.strangers.remove(at: $0).continuation }
        }
    }
}
