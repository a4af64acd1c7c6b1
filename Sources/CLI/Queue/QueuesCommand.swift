import ArgumentParser
import Glibc
import Jobs

/// `sluice queues`: what waits, runs and failed, now or again and again.
struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Shows all queues: what waits, runs, is parked or dead, and since when the oldest waits.")

    @Flag(name: .shortAndLong, help: "Show it again every second until interrupted.")
    var watch = false

    func run() async throws {
        let watch = watch
        try await Composition.withRedis { client in
            repeat {
                var rows = [["QUEUE", "READY", "DELAYED", "IN FLIGHT", "PARKED", "DEAD", "SUSPECTS", "OLDEST", "TENANTS", "BYTES", ""]]
                for name in try await QueueDirectory(client: client).names() {
                    rows.append(Self.row(name, try await RedisJobQueue(client: client, name: name).snapshot()))
                }
                if watch { print("\u{1B}[2J\u{1B}[H", terminator: "") }
                print(Self.table(rows), terminator: "")
                fflush(nil)
                if watch { try await Task.sleep(for: .seconds(1)) }
            } while watch
        }
    }

    private static func row(_ name: String, _ queue: QueueSnapshot) -> [String] {
        let numbers = [queue.ready, queue.delayed, queue.inFlight, queue.parked, queue.dead, queue.suspects]
        return [name] + numbers.map { String($0) }
            + ["\(queue.oldestAge.components.seconds) s", "\(queue.lanes)", "\(queue.bytes)", queue.isPaused ? "paused" : ""]
    }

    /// The first column to the left, the others to the right.
    static func table(_ rows: [[String]]) -> String {
        guard let columns = rows.first?.count else { return "" }
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }
            .joined(separator: "  ") + "\n"
        }
        .joined()
    }
}
