import Foundation
import NIOCore
import TestSupport
import Testing

/// Another Web process beside the stack's: over the same staging area, database and Redis, on a port of its own.
final class SecondWeb {
    /// Kept while it is killed.
    private let (front, back): (ReservedPort, ReservedPort)
    private let stack: LocalStack
    private var process: ChildProcess?

    var port: Int { front.number }
    var address: String { "127.0.0.1:\(front.number)" }
    var probe: String { "127.0.0.1:\(back.number)" }

    init(beside stack: LocalStack) throws {
        self.stack = stack
        (front, back) = (try ReservedPort(), try ReservedPort())
    }

    /// As the stack starts its own: by the same user, with the same environment but for the ports.
    ///
    /// - Parameter settings: its own, on top of those.
    func start(_ settings: [String: String] = [:]) async throws {
        let more = settings.map { " \($0)=\($1)" }.joined()
        let line = """
            . \(stack.state)/env && export SLUICE_LISTEN=\(address) SLUICE_WEB_PROBE=\(probe)\(more)
            path=\(stack.state)/bin/Web; [ -x "$path" ] || path=$(command -v Web)
            cd \(stack.state); umask 022
            [ "$(id -u)" = 0 ] || exec "$path"
            exec setpriv --reuid=www-data --regid="$(id -g www-data)" --clear-groups --no-new-privs "$path"
            """
        process = try ChildProcess(
            ["/bin/bash", "-c", line], environment: stack.environment, output: .file("\(stack.state)/logs/web-second.log"), errors: nil)
        let client = Client(address: address, token: "")
        try await eventually(within: .seconds(30), "the second Web answers") {
            (try? await client.send("GET", "/openapi.yaml", timeout: .seconds(2)).status) == 200
        }
    }

    /// SIGSTOP and SIGCONT.
    func signal(_ number: Int32) { process?.signal(number) }

    /// SIGKILL.
    func kill() {
        process?.kill()
        process = nil
    }
}
