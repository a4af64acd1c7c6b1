import Logging
import Platform

/// Ends the uploads that nobody ends: whose client has gone after its last byte, whose process was killed before it had made the
/// file, or whose parts take longer to put together than a client waits.
struct UploadFinisher: Sendable {
    private enum Event: Sendable {
        case tick
        case ended(UploadID, hasFailed: Bool)
    }

    private static let interval: Duration = .seconds(1)
    /// Rows of one query.
    private static let page = 100
    /// How many of one state are ended at the same time.
    private static let parallel = 4
    /// How many of them may be one owner's. To join may take an hour, and somebody else's is not to wait for four of those.
    private static func share(of state: UploadState) -> Int { state == .joining ? parallel - 1 : parallel }

    let joiner: UploadJoiner
    let logger: Logger

    /// Works until cancelled. What takes long and what does not, wait for each other never.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for state in [UploadState.finishing, .joining] { group.addTask { await finishAll(state) } }
        }
    }

    private func finishAll(_ state: UploadState) async {
        await withTaskGroup(of: Event.self) { group in
            var queue = FinishingQueue(share: Self.share(of: state))
            group.addTask { await Self.tick() }
            while let event = await group.next(), !Task.isCancelled {
                switch event {
                case .tick:
                    queue.look()
                    group.addTask { await Self.tick() }
                case .ended(let id, let hasFailed): queue.ended(id, hasFailed: hasFailed)
                }
                while queue.count < Self.parallel, let record = await next(state, in: &queue) {
                    group.addTask { .ended(record.id, hasFailed: await finish(record)) }
                }
            }
        }
    }

    private static func tick() async -> Event {
        try? await Task.sleep(for: interval)
        return .tick
    }

    private func next(_ state: UploadState, in queue: inout FinishingQueue) async -> UploadRecord? {
        while true {
            if let record = queue.next() { return record }
            guard !queue.isDry else { return nil }
            queue.add(await pending(state, but: queue))
        }
    }

    /// - Returns: none when the database does not tell them: the next look asks again.
    private func pending(_ state: UploadState, but queue: FinishingQueue) async -> [UploadRecord] {
        do throws(FilesError) {
            return try await joiner.holds.store.pending(state, but: queue.skipped, of: queue.full, limit: Self.page)
        } catch {
            if error.code != .cancelled, error.code != .closed {
                logger.warning("uploads that wait for their end cannot be read", metadata: .init([.error: "\(error)"]))
            }
            return []
        }
    }

    /// - Returns: whether it has failed, and is to be tried again later.
    private func finish(_ record: UploadRecord) async -> Bool {
        do throws(FilesError) {
            try await joiner.finish(record)
            logger.notice("made a file of an upload that nobody ended")
            return false
        } catch {
            switch error.code {
            case .uploadBusy, .uploadEnded, .superseded, .cancelled, .closed: return false
            default:
                logger.warning("an upload was not ended", metadata: .init([.error: "\(error)"]))
                return true
            }
        }
    }
}
