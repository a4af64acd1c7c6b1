import NIOCore
import Synchronization

/// One waiting caller: a box that is filled once. Reply, deadline, cancellation and loss of the connection race for it;
/// whoever comes late changes nothing. So a caller can give up at any time without the connection's queue knowing.
final class RedisRequest: Sendable {
    typealias Outcome = Result<RedisValue, RedisError>

    private enum State {
        case created
        case waiting(CheckedContinuation<Outcome, Never>)
        case settled(Outcome)
    }

    let encoded: ByteBuffer
    /// nil for a single command, otherwise the number of commands in `encoded`.
    let batch: Int?
    let deadline: NIODeadline
    private let state = Mutex(State.created)
    private let sent = Atomic(false)

    /// - Parameter timeout: from now; more than a year counts as a year.
    init(_ encoded: ByteBuffer, batch: Int? = nil, timeout: Duration) {
        self.encoded = encoded
        self.batch = batch
        deadline = .now() + TimeAmount(min(max(timeout, .zero), .seconds(365 * 86_400)))
    }

    convenience init(_ pipeline: [RedisCommand], timeout: Duration) {
        var buffer = ByteBufferAllocator().buffer(capacity: pipeline.reduce(0) { $0 + $1.encoded.readableBytes })
        for command in pipeline { buffer.writeImmutableBuffer(command.encoded) }
        self.init(buffer, batch: pipeline.count, timeout: timeout)
    }

    /// Whether a server may have got it. If not, sending it again elsewhere is safe whatever it does.
    var wasSent: Bool { sent.load(ordering: .acquiring) }

    /// To be called before the bytes are written.
    func markSent() {
        sent.store(true, ordering: .releasing)
    }

    var isSettled: Bool {
        state.withLock { if case .settled = $0 { true } else { false } }
    }

    func settle(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .created:
                state = .settled(outcome)
                return nil
            case .waiting(let continuation):
                state = .settled(outcome)
                return continuation
            case .settled:
                return nil
            }
        }
        continuation?.resume(returning: outcome)
    }

    func fail(_ error: RedisError) {
        settle(.failure(error))
    }

    /// Submits the request and waits. Cancelling the task settles it with `.cancelled`.
    func perform(_ submit: (RedisRequest) -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let settled: Outcome? = state.withLock { state in
                    if case .settled(let outcome) = state { return outcome }
                    state = .waiting(continuation)
                    return nil
                }
                if let settled { continuation.resume(returning: settled) } else { submit(self) }
            }
        } onCancel: {
            fail(RedisError(.cancelled, "the caller was cancelled"))
        }
    }
}
