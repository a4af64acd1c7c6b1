public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Answers probes and scrapes over HTTP on a private port.
///
/// - `/live`: 200 as long as the process can answer at all.
/// - `/ready`: 200 or 503 with the state of each check as JSON. While `run()` works, one evaluation at a time; its result
///   is kept for `cacheLifetime`, so any number of requests costs the dependencies nothing more.
/// - `/metrics`: the registry in the Prometheus text format.
///
/// `GET` and `HEAD` only; everything else is 404. Each connection carries one request of at most 16 KiB and lives at most
/// 10 s; at most 64 are open. There is no authentication: bind it where only operators reach it.
public struct ProbeServer: Service {
    public struct Configuration: Sendable {
        /// Where to listen; port 0 lets the kernel choose.
        public var address: ListenAddress
        /// The setting that says so, for the message when that cannot be.
        public var setting: String
        /// How long a check may take before it is reported as overdue.
        public var checkDeadline: Duration
        /// How long an answer of `/ready` is repeated.
        public var cacheLifetime: Duration
        /// How long a connection may take for everything.
        public var connectionLifetime: Duration

        public init(
            address: ListenAddress, setting: String, checkDeadline: Duration = .seconds(2), cacheLifetime: Duration = .seconds(1),
            connectionLifetime: Duration = .seconds(10)
        ) {
            self.address = address
            self.setting = setting
            self.checkDeadline = checkDeadline
            self.cacheLifetime = cacheLifetime
            self.connectionLifetime = connectionLifetime
        }
    }

    private let configuration: Configuration
    private let registry: PrometheusRegistry
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let monitor: ReadinessMonitor
    private let requests: AsyncStream<ProbeHandler.Answer>
    private let limits: ProbeLimits
    private let listener = Listener()

    public init(
        configuration: Configuration, checks: [HealthCheck], registry: PrometheusRegistry,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) {
        self.configuration = configuration
        self.registry = registry
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        monitor = ReadinessMonitor(checks: checks, deadline: configuration.checkDeadline, lifetime: configuration.cacheLifetime)
        let (requests, ask) = AsyncStream.makeStream(of: ProbeHandler.Answer.self, bufferingPolicy: .bufferingOldest(64))
        self.requests = requests
        limits = ProbeLimits(ask: ask, lifetime: TimeAmount(configuration.connectionLifetime))
    }

    /// The port that is listened on; nil before `bind()` and after the end of `run()`.
    public var port: Int? { listener.channel.withLock { $0?.localAddress?.port } }

    /// Starts listening; `run()` does so itself when this was not called. Lets a process find out early that a port is
    /// taken, and a test learn which one it got.
    ///
    /// - Throws: `ListenError`.
    @discardableResult
    public func bind() async throws -> Int {
        if let port { return port }
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [registry, limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    try ProbeHandler.install(on: channel, registry: registry, limits: limits)
                }
            }
        let place = configuration.address
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: place.host, port: place.port).get()
        } catch {
            throw ListenError(setting: configuration.setting, address: place, underlying: error)
        }
        listener.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? place.port
    }

    /// Serves until graceful shutdown or cancellation.
    public func run() async throws {
        let port = try await bind()
        logger.info("probe endpoint is up", metadata: .init([.address: "\(configuration.address.host)", .port: "\(port)"]))
        await withTaskCancellationOrGracefulShutdownHandler {
            await monitor.run(requests)
        } onCancelOrGracefulShutdown: { [limits] in
            limits.ask.finish()
        }
        let channel = listener.channel.withLock { $0.take() }
        try? await channel?.close()
    }

    private final class Listener: Sendable {
        let channel = Mutex<(any Channel)?>(nil)
    }
}
