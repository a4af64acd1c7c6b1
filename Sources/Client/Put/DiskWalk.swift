import Synchronization

/// A walk through files, each step of which is taken on the threads that wait for a disk.
struct DiskWalk: Sendable {
    private final class Place: Sendable {
        let walk: Mutex<FileWalk>

        init(_ arguments: [String]) {
            walk = Mutex(FileWalk(arguments))
        }
    }

    private let session: ClientSession
    private let place: Place

    init(_ arguments: [String], session: ClientSession) {
        self.session = session
        place = Place(arguments)
    }

    /// - Returns: fewer than `count` at the end; none when the task is cancelled.
    func next(_ count: Int) async -> [FileWalk.Item] {
        let found = try? await session.onDisk { [place] in
            place.walk.withLock { walk in
                var items: [FileWalk.Item] = []
                while items.count < count, let item = walk.next() { items.append(item) }
                return items
            }
        }
        return found ?? []
    }
}
