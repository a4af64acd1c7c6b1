import NIOCore

/// Asks sentinels for the primary.
///
/// All are asked at the same time, and of their answers the one of the newest configuration counts (the highest epoch): a
/// sentinel that was cut off names the primary of long ago.
final class SentinelDirectory: Sendable {
    private enum Answer: Sendable {
        case primary(RedisEndpoint, epoch: Int64)
        case unknownName
        case silence(RedisError)
    }

    let sentinels: RedisSentinels
    private let connector: RedisConnector

    /// - Parameter configuration: that of the servers; what concerns sentinels alone is replaced.
    init(_ sentinels: RedisSentinels, configuration: RedisConfiguration, group: any EventLoopGroup) {
        self.sentinels = sentinels
        var configuration = configuration
        configuration.user = sentinels.user
        configuration.password = sentinels.password
        configuration.database = 0
        configuration.connectTimeout = sentinels.timeout
        configuration.commandDeadline = sentinels.timeout
        connector = RedisConnector(configuration: configuration, group: group)
    }

    /// Takes at most twice the sentinels' timeout.
    ///
    /// - Parameter known: the newest epoch that was heard of. An older one counts only where most sentinels tell it, as after a
    ///   SENTINEL RESET; the others are cut off, and so may be the primary they name, whose writes would be lost.
    /// - Returns: also the epoch of the configuration that names it.
    /// - Throws: `.unavailable` when no sentinel answers, none knows the name, or what they know is out of date.
    func primary(since known: Int64 = 0) async throws(RedisError) -> (endpoint: RedisEndpoint, epoch: Int64) {
        let answers = await withTaskGroup(of: Answer.self) { group in
            for endpoint in sentinels.endpoints { group.addTask { await self.ask(endpoint) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var best: (endpoint: RedisEndpoint, epoch: Int64)?
        var voices = 0
        for case .primary(let endpoint, let epoch) in answers {
            voices += 1
            if epoch > best?.epoch ?? -1 { best = (endpoint, epoch) }
        }
        guard let best else { throw failure(answers) }
        guard best.epoch >= known || voices > sentinels.endpoints.count / 2 else {
            throw RedisError(
                .unavailable,
                "the sentinels that answer know an older state of \"\(sentinels.primary)\" than was known before: see to the others")
        }
        return best
    }

    private func failure(_ answers: [Answer]) -> RedisError {
        for case .unknownName in answers {
            return RedisError(
                .unavailable,
                "the sentinels know no primary \"\(sentinels.primary)\": compare its name with SENTINEL MASTERS on one of them")
        }
        let places = sentinels.endpoints.map(\.description).joined(separator: ", ")
        var cause: RedisError?
        for case .silence(let error) in answers { cause = error }
        return RedisError(
            .unavailable, "no sentinel answers, asked were \(places): start them, or correct the addresses (\(cause?.message ?? ""))",
            underlying: cause)
    }

    private func ask(_ endpoint: RedisEndpoint) async -> Answer {
        do throws(RedisError) {
            let connection = try await connector.connect(to: endpoint)
            defer { connection.close(RedisError(.closed, "the sentinel has been asked")) }
            let name = RedisArgument(sentinels.primary)
            let questions = [RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name), RedisCommand("SENTINEL", "MASTER", name)]
            let request = RedisRequest(questions, timeout: sentinels.timeout)
            return try Self.read(await request.perform(connection.submit).get().array ?? [])
        } catch {
            return .silence(error)
        }
    }

    private static func read(_ replies: [RedisValue]) throws(RedisError) -> Answer {
        guard replies.count == 2 else { throw RedisError(.protocolViolation, "a sentinel gave an unknown reply") }
        if case .error(let sentence) = replies[0] { throw RedisError(server: sentence) }
        guard let parts = replies[0].array, parts.count == 2 else { return .unknownName }
        guard let host = parts[0].string, !host.isEmpty, let port = parts[1].int, (1...65535).contains(port) else {
            throw RedisError(.protocolViolation, "a sentinel gave an unknown reply")
        }
        // Pairs of name and value.
        let details = replies[1].array ?? []
        let epoch = stride(from: 0, to: details.count - 1, by: 2).first { details[$0].string == "config-epoch" }
        return .primary(RedisEndpoint(host: host, port: Int(port)), epoch: epoch.flatMap { details[$0 + 1].int } ?? 0)
    }
}
