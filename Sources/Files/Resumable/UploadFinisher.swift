import Logging
import Platform

/// Ends the uploads that nobody ends: whose client has gone after its last byte, whose process was killed before it had made the
/// file, or whose parts take longer to put together than a client waits.
struct UploadFinisher: Sendable {
    private static let interval: Duration = .seconds(1)
    /// Rows of one query.
    private static let page = 100

    private struct Delay {
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        var until = ContinuousClock.now
    }

    let joiner: UploadJoiner
    let logger: Logger

    /// Works until cancelled. What takes long and what does not, wait for each other never.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for state in [UploadState.finishing, .joining] {
                group.addTask {
                    var delays: [UploadID: Delay] = [:]
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.interval)
                        await finishAll(state, &delays)
                    }
                }
            }
        }
    }

    private func finishAll(_ state: UploadState, _ delays: inout [UploadID: Delay]) async {
        var position: UploadID?
        var seen: Set<UploadID> = []
        while !Task.isCancelled {
            guard let rows = try? await joiner.holds.store.pending(state, after: position, limit: Self.page), let last = rows.last else {
                break
            }
            for record in rows {
                seen.insert(record.id)
                if delays[record.id].map({ $0.until <= .now }) ?? true { await finish(record, &delays) }
            }
            position = last.id
        }
        delays = delays.filter { seen.contains($0.key) }
    }

    private func finish(_ record: UploadRecord, _ delays: inout [UploadID: Delay]) async {
        do throws(FilesError) {
            try await joiner.finish(record)
            logger.notice("made a file of an upload that nobody ended")
        } catch {
            switch error.code {
            case .uploadBusy, .uploadEnded, .superseded, .cancelled, .closed: break
            default:
                logger.warning("an upload was not ended", metadata: .init([.error: "\(error)"]))
                var delay = delays[record.id] ?? Delay()
                delay.until = .now + delay.backoff.next()
                delays[record.id] = delay
            }
        }
    }
}
