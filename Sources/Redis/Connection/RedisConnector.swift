import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Platform
import Synchronization

/// Opens connections: TCP, TLS, greeting.
final class RedisConnector: Sendable {
    let configuration: RedisConfiguration
    private let group: any EventLoopGroup
    private let tls = Mutex<NIOSSLContext?>(nil)

    init(configuration: RedisConfiguration, group: any EventLoopGroup) {
        self.configuration = configuration
        self.group = group
    }

    /// A connection that has answered its greeting.
    ///
    /// Takes at most `connectTimeout`. Not ended earlier by cancellation.
    /// - Parameter mustBePrimary: whether a replica is refused.
    func connect(
        to endpoint: RedisEndpoint, mustBePrimary: Bool = false, push: RedisChannelHandler.PushHandler? = nil
    ) async throws(RedisError) -> RedisConnection {
        let start = ContinuousClock.now
        let tls = try tlsContext()
        let connection: RedisConnection
        do {
            connection = try await bootstrap.connect(host: endpoint.host, port: endpoint.port) {
                [configuration] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(Self.tlsHandler(tls, host: endpoint.host)) }
                    return try RedisConnection(channel: channel, configuration: configuration, push: push)
                }
            }
        } catch {
            throw RedisError(.unavailable, "cannot connect to \(endpoint)", underlying: error)
        }
        do throws(RedisError) {
            let timeout = configuration.connectTimeout - (ContinuousClock.now - start)
            try await greet(connection, mustBePrimary: mustBePrimary, timeout: timeout)
        } catch {
            connection.close(error)
            throw error
        }
        return connection
    }

    private var bootstrap: ClientBootstrap {
        ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A subscriber sends nothing, so only the kernel can notice that its server is gone.
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 15)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 5)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
    }

    // MARK: TLS

    /// Reads the certificates, once.
    ///
    /// - Throws: `.configuration`.
    @discardableResult
    func tlsContext() throws(RedisError) -> NIOSSLContext? {
        guard let settings = configuration.tls else { return nil }
        if let context = tls.withLock({ $0 }) { return context }
        var options = TLSConfiguration.makeClientConfiguration()
        options.minimumTLSVersion = .tlsv12
        options.certificateVerification = .fullVerification
        if let file = settings.certificateAuthority { options.trustRoots = .file(file) }
        do {
            let context = try NIOSSLContext(configuration: options)
            tls.withLock { $0 = context }
            return context
        } catch {
            throw RedisError(.configuration, "the TLS certificates cannot be read", underlying: error)
        }
    }

    private static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        // A certificate for an address is matched with the peer's address; as a name NIOSSL would refuse it.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    // MARK: Greeting

    private func greet(_ connection: RedisConnection, mustBePrimary: Bool, timeout: Duration) async throws(RedisError) {
        var steps: [RedisCommand] = []
        if let password = configuration.password {
            let user = configuration.user.map { [RedisArgument($0)] } ?? []
            steps.append(RedisCommand("AUTH", arguments: user + [RedisArgument(password.reveal())]))
        }
        steps.append(RedisCommand("CLIENT", "SETNAME", RedisArgument(configuration.clientName)))
        if configuration.database != 0 { steps.append(RedisCommand("SELECT", RedisArgument(configuration.database))) }
        if mustBePrimary { steps.append(RedisCommand("ROLE")) }
        steps.append(RedisCommand("PING"))
        let request = RedisRequest(steps, timeout: timeout)
        let replies = try await request.perform(connection.submit).get().array ?? []
        for (step, reply) in zip(steps, replies) { try Self.check(reply, to: step.name) }
    }

    private static func check(_ reply: RedisValue, to step: String) throws(RedisError) {
        guard case .error(let sentence) = reply else {
            guard step != "ROLE" || reply.array?.first?.string == "master" else {
                throw RedisError(.unavailable, "the sentinels name a server that is no primary (yet)")
            }
            return
        }
        let error = RedisError(server: sentence)
        switch (step, error.serverCode) {
        // A name is a courtesy, and a user without the right to PING or to ask for the role may still work.
        case ("CLIENT", _) where error.code != .unavailable, ("PING", "NOPERM"), ("ROLE", "NOPERM"): return
        case _ where error.code == .unavailable: throw error
        case ("SELECT", _): throw RedisError(.configuration, "the server refused the database number", underlying: error)
        default: throw RedisError(.configuration, "the server refused the credentials", underlying: error)
        }
    }
}
