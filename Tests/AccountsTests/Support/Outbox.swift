import Synchronization

/// The mails that were asked for.
final class Outbox<Item: Sendable>: Sendable {
    private struct Content {
        var items: [Item] = []
        var isBroken = false
        var meanwhile: (@Sendable () async throws -> Void)?
    }

    struct Broken: Error {}

    private let content = Mutex(Content())

    var items: [Item] { content.withLock { $0.items } }

    /// From now on, whether nothing can be added.
    ///
    /// - Parameter meanwhile: happens before that turns out.
    func setBroken(_ isBroken: Bool, meanwhile: (@Sendable () async throws -> Void)? = nil) {
        content.withLock { ($0.isBroken, $0.meanwhile) = (isBroken, meanwhile) }
    }

    @Sendable func add(_ item: Item) async throws {
        try await content.withLock { $0.meanwhile }?()
        try content.withLock { content in
            guard !content.isBroken else { throw Broken() }
            content.items.append(item)
        }
    }
}
