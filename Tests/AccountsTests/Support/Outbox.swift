import Synchronization

/// The mails that were asked for.
final class Outbox<Item: Sendable>: Sendable {
    private struct Content {
        var items: [Item] = []
        var isBroken = false
    }

    struct Broken: Error {}

    private let content = Mutex(Content())

    var items: [Item] { content.withLock { $0.items } }

    /// From now on, whether nothing can be added.
    func setBroken(_ isBroken: Bool) {
        content.withLock { $0.isBroken = isBroken }
    }

    @Sendable func add(_ item: Item) async throws {
        try content.withLock { content in
            guard !content.isBroken else { throw Broken() }
            content.items.append(item)
        }
    }
}
