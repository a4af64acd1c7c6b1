package import Accounts
package import Files
import Hummingbird
package import Logging
package import NIOCore
package import Platform
package import ServiceLifecycle

/// The HTTP side of a Web process: routes, server and limits as one service. Tests run the same.
package enum WebApplication {
    /// - Parameters:
    ///   - announce: tells the queue about files that were deleted.
    ///   - slowBodyWindow: time over which the rate of a body is judged.
    ///   - onRunning: gets the listening channel.
    package static func make(
        settings: Settings.Web, tokens: TokenStore, catalog: FileCatalog, staging: StagingArea, intake: FileIntake,
        announce: @escaping @Sendable ([FileRecord]) async -> Void, logger: Logger, slowBodyWindow: TimeAmount = .seconds(30),
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some Service {
        let security = SecurityLog(logger: logger)
        let connections = ConnectionCap.connections(wanted: settings.connections, descriptors: DescriptorLimit.raise())
        if connections < settings.connections {
            logger.warning("descriptors suffice for fewer connections than are allowed", metadata: .init([.count: "\(connections)"]))
        }
        let list = ListHandlers(catalog: catalog)
        let routes = Routes(
            tokens: tokens,
            uploads: UploadHandlers(
                staging: staging, intake: intake, admission: UploadAdmission(limit: settings.uploads.parallelPerUser),
                limits: UploadLimits(fileSize: settings.uploads.maximumFileSize, parts: settings.uploads.maximumFilesPerRequest),
                security: security),
            list: list, content: ContentHandler(list: list, staging: staging, accelPrefix: settings.accelPrefix),
            deletion: DeleteHandlers(catalog: catalog, announce: announce), security: security)
        return Application(
            responder: routes.build(), server: HTTPServer.channel(settings.uploads, slowBodyWindow: slowBodyWindow, security: security),
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
    }
}
