import Accounts
import Files
import HTTPTypes
import Hummingbird

/// `GET /events`: what happens to one's files, as server-sent events.
struct EventHandlers {
    /// How often, and for how long.
    struct Pace: Sendable {
        /// Between two looks at the files, each of which asks first whether what has opened the stream still counts.
        var interval: Duration = .seconds(1)
        /// After it the browser opens a new one, perhaps in another process.
        var longest: Duration = .seconds(600)
    }

    static let places = (all: 512, ofUser: 8)

    let catalog: FileCatalog
    let sessions: SessionStore
    let tokens: TokenStore
    let places: StreamPlaces
    var pace = Pace()

    func open(_ request: Request, context: UserContext) async throws -> Response {
        let place = try places.enter(context.user.id)
        let files = try await catalog.page(owner: context.user.id, limit: Self.watched).files
        let stream = EventStream(
            user: context.user, watch: FileWatch(files: files, limit: FileCatalog.maximumLimit), catalog: catalog, sessions: sessions,
            tokens: tokens, pace: pace)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .accelBuffering: "no"],
            body: ResponseBody { writer in
                try await stream.run { try await writer.write($0) }
                withExtendedLifetime(place) {}
                try await writer.finish(nil)
            })
    }

    /// The newest files that are watched from the start.
    private static let watched = 200
}

extension HTTPField.Name {
    static let accelBuffering = Self("X-Accel-Buffering")!
}
