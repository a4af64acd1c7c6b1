import Platform
import Synchronization

extension RedisCluster {
    /// What to send: the bytes, how many replies they bring, and how.
    private struct Parcel {
        let command: RedisCommand
        let timeout: Duration
        let isBlocking: Bool
    }

    /// Where to send a command next.
    private enum Route {
        case owner
        case asking(RedisEndpoint)
    }

    /// Sends a command to the node of its slot, and elsewhere or again when that node says that it did not execute it.
    ///
    /// A command that a node may have executed is never sent twice.
    /// - Parameter timeout: for all tries together.
    func perform(_ command: RedisCommand, timeout: Duration) async throws(RedisError) -> RedisValue {
        try await perform(Parcel(command: command, timeout: timeout, isBlocking: false), giveUpAt: .now + timeout)
    }

    /// - Parameter timeout: for each try: a node that loses the slot meanwhile says so, and the command waits anew elsewhere.
    func block(_ command: RedisCommand, timeout: Duration) async throws(RedisError) -> RedisValue {
        // Beyond the time that the command names only redirections are followed, as for any other one.
        try await perform(Parcel(command: command, timeout: timeout, isBlocking: true), giveUpAt: .now + timeout)
    }

    /// Sends commands of one slot in one write, and each that was not executed once more by itself.
    func perform(_ pipeline: [RedisCommand], timeout: Duration) async throws(RedisError) -> [RedisValue] {
        let end = ContinuousClock.now + timeout
        let slots = Set(pipeline.compactMap(\.slot))
        guard slots.count <= 1 else { throw RedisError(.configuration, "the keys of a pipeline lie in more than one slot") }
        guard let (endpoint, node) = owner(of: slots.first) else { return try await oneByOne(pipeline, end) }
        let request = RedisRequest(pipeline, timeout: timeout)
        var replies: [RedisValue]
        switch await request.perform(node.submit) {
        case .success(let value): replies = value.array ?? []
        case .failure(let error):
            requestRefresh()
            guard !request.wasSent, Self.mayRetry(error) else { throw error }
            return try await oneByOne(pipeline, end)
        }
        for (index, reply) in replies.enumerated() {
            guard case .error(let sentence) = reply, ClusterRefusal(sentence, asked: endpoint) != nil else { continue }
            replies[index] = try await perform(pipeline[index], timeout: ContinuousClock.now.duration(to: end))
        }
        return replies
    }

    private func oneByOne(_ pipeline: [RedisCommand], _ end: ContinuousClock.Instant) async throws(RedisError) -> [RedisValue] {
        var replies: [RedisValue] = []
        for command in pipeline { replies.append(try await perform(command, timeout: ContinuousClock.now.duration(to: end))) }
        return replies
    }

    /// Sends a command without a key to every node that serves slots.
    func performEverywhere(_ command: RedisCommand, timeout: Duration) async throws(RedisError) -> [RedisValue] {
        let end = ContinuousClock.now + timeout
        // Waits until there is a map, too.
        _ = try await perform(RedisCommand("PING"), timeout: timeout)
        var replies: [RedisValue] = []
        for endpoint in state.withLock({ $0.map.owners }) {
            guard let node = node(at: endpoint) else { throw RedisNode.closed }
            replies.append(
                try await RedisRequest(command.encoded, timeout: ContinuousClock.now.duration(to: end)).perform(node.submit).get())
        }
        return replies
    }

    /// Some node that is connected.
    func anyNode(timeout: Duration) async throws(RedisError) -> RedisNode {
        // Waits until there is one.
        _ = try await perform(RedisCommand("PING"), timeout: timeout)
        guard let (_, node) = owner(of: nil) else { throw RedisNode.closed }
        return node
    }

    // MARK: One command

    private func perform(_ parcel: Parcel, giveUpAt end: ContinuousClock.Instant) async throws(RedisError) -> RedisValue {
        let slot = parcel.command.slot
        var backoff = Backoff(base: .milliseconds(5), cap: .milliseconds(250))
        var route = Route.owner
        var redirections = 0
        while true {
            let refusal: RedisError
            switch await attempt(parcel, slot: slot, route: route, giveUpAt: end) {
            case .done(let value): return value
            case .failed(let error): throw error
            case .elsewhere(let next, let error):
                route = next
                redirections += 1
                refusal = error
                // Nodes that do not agree yet send one to and fro.
                if redirections <= 5, ContinuousClock.now < end { continue }
            case .later(let error):
                route = .owner
                refusal = error
            }
            let pause = backoff.next()
            guard ContinuousClock.now + pause < end else { throw refusal }
            try? await Task.sleep(for: pause)
            if Task.isCancelled { throw RedisError(.cancelled, "the caller was cancelled") }
        }
    }

    private enum Attempt {
        case done(RedisValue)
        case failed(RedisError)
        case elsewhere(Route, RedisError)
        case later(RedisError)
    }

    private func attempt(_ parcel: Parcel, slot: Int?, route: Route, giveUpAt end: ContinuousClock.Instant) async -> Attempt {
        let target: (endpoint: RedisEndpoint, node: RedisNode)?
        var isAsking = false
        switch route {
        case .owner: target = owner(of: slot)
        case .asking(let endpoint):
            target = node(at: endpoint).map { (endpoint, $0) }
            isAsking = true
        }
        guard let target else { return unserved(slot) }
        let timeout = parcel.isBlocking ? parcel.timeout : max(.zero, ContinuousClock.now.duration(to: end))
        let request =
            isAsking
            ? RedisRequest([RedisCommand("ASKING"), parcel.command], timeout: timeout)
            : RedisRequest(parcel.command.encoded, timeout: timeout)
        do throws(RedisError) {
            let reply =
                parcel.isBlocking ? try await target.node.dedicated.perform(request) : try await request.perform(target.node.submit).get()
            return judge(isAsking ? reply.array?.last ?? .null : reply, of: target.endpoint)
        } catch {
            requestRefresh()
            return !request.wasSent && Self.mayRetry(error) ? .later(error) : .failed(error)
        }
    }

    private func judge(_ reply: RedisValue, of endpoint: RedisEndpoint) -> Attempt {
        guard case .error(let sentence) = reply, let refusal = ClusterRefusal(sentence, asked: endpoint) else { return .done(reply) }
        let error = RedisError(server: sentence)
        switch refusal {
        case .moved(let slot, let owner):
            state.withLock { $0.map.move(slot, to: owner) }
            requestRefresh()
            return .elsewhere(.owner, error)
        case .ask(let owner): return .elsewhere(.asking(owner), error)
        case .wait:
            requestRefresh()
            return .later(error)
        }
    }

    /// Errors from before anything was sent that another try may not meet.
    private static func mayRetry(_ error: RedisError) -> Bool {
        error.code == .unavailable || error.code == .closed
    }

    private func owner(of slot: Int?) -> (RedisEndpoint, RedisNode)? {
        let endpoint: RedisEndpoint? = state.withLock { state in
            if let slot { return state.map.owner(of: slot) }
            return (state.nodes.first { $0.value.isConnected } ?? state.nodes.first)?.key
        }
        guard let endpoint, let node = node(at: endpoint) else { return nil }
        return (endpoint, node)
    }

    /// Nobody is known to serve the slot: because of a hole in the map, or because there is no map.
    private func unserved(_ slot: Int?) -> Attempt {
        let (failure, isClosed) = state.withLock { ($0.failure, $0.isClosed) }
        if isClosed { return .failed(RedisNode.closed) }
        requestRefresh()
        if let failure { return .failed(RedisError(.unavailable, failure.message, underlying: failure)) }
        guard state.withLock({ $0.map.owners.isEmpty }) else {
            return .later(RedisError(server: "CLUSTERDOWN no node serves slot \(slot ?? 0)"))
        }
        return .later(RedisError(.unavailable, "the cluster has not answered yet"))
    }
}
