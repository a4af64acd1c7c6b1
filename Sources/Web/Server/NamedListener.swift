import NIOCore
import Platform
import ServiceLifecycle

/// A server whose failure to listen names the setting that says where.
struct NamedListener<Server: Service>: Service {
    let server: Server
    let address: ListenAddress

    /// - Throws: `ListenError`; what the server throws for other reasons.
    func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw named(error)
        } catch let error as SocketAddressError {
            throw named(error)
        }
    }

    private func named(_ error: any Error) -> ListenError {
        ListenError(setting: Settings.Web.listenName, address: address, underlying: error)
    }
}
