import Synchronization

/// Where tasks leave requests for the event loop. All that arrive before the loop gets to them are written together:
/// pipelining nobody has to ask for.
final class RequestInbox: Sendable {
    private struct State {
        var requests: [RedisRequest] = []
        var isLoopCalled = false
        var closed: RedisError?
    }

    private let state = Mutex(State())

    /// - Returns: whether the caller must call the event loop.
    func add(_ request: RedisRequest) -> Bool {
        let (mustCall, error): (Bool, RedisError?) = state.withLock { state in
            if let error = state.closed { return (false, error) }
            state.requests.append(request)
            defer { state.isLoopCalled = true }
            return (!state.isLoopCalled, nil)
        }
        if let error { request.fail(error) }
        return mustCall
    }

    /// Whether nothing lies here that came first, and the connection is not about to be closed.
    var isQuiet: Bool {
        state.withLock { $0.requests.isEmpty && $0.closed == nil }
    }

    func take() -> [RedisRequest] {
        state.withLock { state in
            state.isLoopCalled = false
            let requests = state.requests
            state.requests = []
            return requests
        }
    }

    /// Fails everything in the inbox, now and later.
    func close(_ error: RedisError) {
        let requests = state.withLock { state in
            if state.closed == nil { state.closed = error }
            defer { state.requests = [] }
            return state.requests
        }
        for request in requests { request.fail(error) }
    }
}
