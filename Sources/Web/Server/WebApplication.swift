import Accounts
import Files
import Hummingbird
package import Logging
package import NIOCore
package import Platform
package import ServiceLifecycle

/// The HTTP side of a Web process: routes, server and limits as one service. Tests run the same.
package enum WebApplication {
    /// - Parameters:
    ///   - slowBodyWindow: time over which the rate of a body is judged, if not as the settings say.
    ///   - onPage: is told what each page is made of.
    ///   - onRunning: gets the listening channel.
    /// - Throws: when a page cannot be read, which is a fault of the build.
    package static func make(
        settings: Settings.Web, services: WebServices, logger: Logger, slowBodyWindow: TimeAmount? = nil,
        onPage: @escaping PageObserver = { _, _, _ in }, onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) throws -> some Service {
        let security = SecurityLog(logger: logger)
        if settings.trustedProxies == 0, !settings.address.isLocal { ProxyNotice.warnAtStart(logger) }
        let connections = ConnectionCap.connections(wanted: settings.connections, descriptors: DescriptorLimit.raise())
        if connections < settings.connections {
            logger.warning("descriptors suffice for fewer connections than are allowed", metadata: .init([.count: "\(connections)"]))
        }
        let server = Application(
            responder: try Routes(settings, services, security, logger, onPage: onPage).build(),
            server: HTTPServer.channel(
                settings.uploads, slowBodyWindow: slowBodyWindow ?? TimeAmount(settings.uploads.rateWindow), address: settings.address,
                security: security, buffers: services.staging.buffers),
            configuration: .init(
                address: .hostname(settings.listen.host, port: settings.listen.port), backlog: 1024,
                availableConnectionsDelegate: ConnectionCap(limit: connections, security: security)),
            services: [security],
            onServerRunning: { channel in
                // One at a time, or a burst could take a few more than the cap allows.
                try? await channel.setOption(.maxMessagesPerRead, value: 1)
                await onRunning(channel)
            },
            logger: logger)
        return NamedListener(server: server, address: settings.listen)
    }
}
