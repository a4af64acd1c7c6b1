package import Curl
package import Platform
import Synchronization

/// Sends requests with the token, and again where that is right.
package final class Caller: Sendable {
    package typealias Pause = @Sendable (Duration) async throws -> Void

    /// One try.
    package enum Outcome: Sendable {
        case answered(HTTPReply)
        case failed(RetryPlan.Reason)
    }

    private static let retried: Set<Int> = [408, 423, 425, 429, 500, 502, 503, 504, 507]

    private let http: HTTPClient
    private let token: Secret
    private let patience: Duration
    private let pause: Pause
    /// When the server was last heard of, or first asked.
    private let lastContact = Mutex(ContinuousClock.now)

    package init(
        http: HTTPClient, token: Secret, patience: Duration, pause: @escaping Pause = { try await Task.sleep(for: $0) }
    ) {
        self.http = http
        self.token = token
        self.patience = patience
        self.pause = pause
    }

    package func plan() -> RetryPlan { RetryPlan(patience: patience) }

    /// Repeats a request until it is answered with something other than "later".
    ///
    /// - Parameter handled: statuses besides 2xx that the caller wants to see.
    package func call(
        _ request: HTTPRequest, handling handled: Set<Int> = [], plan: inout RetryPlan, sink: HTTPSink? = nil
    ) async throws(ClientFailure) -> HTTPReply {
        while true {
            switch try await attempt(request, handling: handled, sink: sink) {
            case .answered(let reply): return reply
            case .failed(let reason): try await wait(after: reason, &plan)
            }
        }
    }

    package func call(_ request: HTTPRequest) async throws(ClientFailure) -> HTTPReply {
        var plan = plan()
        return try await call(request, plan: &plan)
    }

    /// Sends a request once.
    package func attempt(
        _ request: HTTPRequest, handling handled: Set<Int> = [], sink: HTTPSink? = nil
    ) async throws(ClientFailure) -> Outcome {
        var request = request
        request.fields.append((name: "Authorization", value: "Bearer \(token.reveal())"))
        let reply: HTTPReply
        do {
            reply = try await http.send(request, sink: sink)
        } catch {
            switch error.kind {
            case .unreachable: return .failed(.unreachable(error.message))
            case .lost: return .failed(.lost(error.message))
            case .untrusted: throw .unreachable(error.message)
            case .unreadable, .unwritable: throw .local(error.message)
            case .cancelled: throw .interrupted
            }
        }
        lastContact.withLock { $0 = .now }
        return try judge(reply, handled)
    }

    package func wait(after reason: RetryPlan.Reason, _ plan: inout RetryPlan) async throws(ClientFailure) {
        let silence = lastContact.withLock { ContinuousClock.now - $0 }
        let delay = try plan.delay(after: reason, silence: silence)
        do { try await pause(delay) } catch { throw .interrupted }
    }

    private func judge(_ reply: HTTPReply, _ handled: Set<Int>) throws(ClientFailure) -> Outcome {
        if reply.isSuccess || handled.contains(reply.status) { return .answered(reply) }
        let problem = Problem(reply)
        if reply.status == 401 || problem.name == "insufficient-scope" { throw .tokenRefused(problem) }
        if Self.retried.contains(reply.status) || problem.name == "key-in-flight" {
            return .failed(.busy(problem, after: Self.seconds(reply["retry-after"])))
        }
        throw .refused(problem)
    }

    /// Seconds; a date is left to the backoff.
    private static func seconds(_ text: String?) -> Duration? {
        guard let text, text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text).map { .seconds($0) }
    }
}
