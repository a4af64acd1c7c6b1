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
    func connect(push: RedisChannelHandler.PushHandler? = nil) async throws(RedisError) -> RedisConnection {
        let start = ContinuousClock.now
        let tls = try tlsContext()
        let connection: RedisConnection
        do {
            connection = try await bootstrap.connect(host: configuration.host, port: configuration.port) {
                [configuration] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(Self.tlsHandler(tls, host: configuration.host)) }
                    return try RedisConnection(channel: channel, configuration: configuration, push: push)
                }
            }
        } catch {
            throw RedisError(.unavailable, "cannot connect", underlying: error)
        }
        do throws(RedisError) {
            try await greet(connection, timeout: configuration.connectTimeout - (ContinuousClock.now - start))
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

    private func greet(_ connection: RedisConnection, timeout: Duration) async throws(RedisError) {
        var steps: [RedisCommand] = []
        if let password = configuration.password {
            let user = configuration.user.map { [RedisArgument($0)] } ?? []
            steps.append(RedisCommand("AUTH", arguments: user + [RedisArgument(password.reveal())]))
        }
        steps.append(RedisCommand("CLIENT", "SETNAME", RedisArgument(configuration.clientName)))
        if configuration.database != 0 { steps.append(RedisCommand("SELECT", RedisArgument(configuration.database))) }
        steps.append(RedisCommand("PING"))
        let request = RedisRequest(steps, timeout: timeout)
        let replies = try await request.perform(connection.submit).get().array ?? []
        for (step, reply) in zip(steps, replies) { try Self.check(reply, to: step.name) }
    }

    private static func check(_ reply: RedisValue, to step: String) throws(RedisError) {
        guard case .error(let sentence) = reply else { return }
        let error = RedisError(server: sentence)
        switch (step, error.serverCode) {
        // A name is a courtesy, and a user without the right to PING may still work.
        case ("CLIENT", _) where error.code != .unavailable, ("PING", "NOPERM"): return
        case _ where error.code == .unavailable: throw error
        case ("SELECT", _): throw RedisError(.configuration, "the server refused the database number", underlying: error)
        default: throw RedisError(.configuration, "the server refused the credentials", underlying: error)
        }
    }
}
