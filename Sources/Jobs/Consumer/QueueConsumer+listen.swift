import Platform
import Synchronization

/// Waiting for work without polling: one token lies in the wake list while there is work that nobody was told of, and idle
/// consumers block on that list.
extension QueueConsumer {
    func listen() async {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(1))
        while !Task.isCancelled {
            let limit: Duration? = state.withLock { state in
                guard case .requested(let limit) = state.listening else { return nil }
                state.listening = .blocked
                return limit
            }
            guard let limit else {
                await request.wait()
                continue
            }
            do {
                let token = try await queue.awaitWork(for: limit)
                succeeded()
                backoff.reset()
                wakeUp(withToken: token)
            } catch {
                if Task.isCancelled { return }
                failed(error)
                try? await Task.sleep(for: backoff.next())
                wakeUp(withToken: false)
            }
        }
    }

    /// Without a token, too, there may be work: a job that has come due, which nobody may have been told of.
    private func wakeUp(withToken token: Bool) {
        state.withLock { state in
            state.listening = .off
            if token { state.holdsToken = true }
            state.mayHaveWork = true
        }
        signal.ring()
    }

    /// Called by the loop when it has nothing to do.
    func requestListener() {
        let isNew = state.withLock { state in
            guard !state.mayHaveWork, !state.isDraining, case .off = state.listening else { return false }
            state.listening = .requested(min(state.untilDue ?? options.longestWait, options.longestWait))
            return true
        }
        if isNew { request.ring() }
    }

    /// A token that this consumer cannot use belongs to another one that waits.
    ///
    /// - Returns: false when Redis did not take it; the token is kept.
    func passOnToken(isFull: Bool) async -> Bool {
        guard state.withLock({ $0.holdsToken && (isFull || $0.isDraining) }) else { return true }
        do {
            try await queue.passOnToken()
            state.withLock { $0.holdsToken = false }
            succeeded()
            return true
        } catch {
            failed(error)
            return false
        }
    }
}
