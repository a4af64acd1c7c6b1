import ArgumentParser
import Glibc
import Jobs

/// `sluice queues`: what waits, runs and failed, now or again and again.
struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues",
        abstract: "Shows all queues: what waits, runs, is delayed, parked or dead, since when the oldest waits, pauses and limits.")

    @Flag(name: .shortAndLong, help: "Show it again every second until interrupted.")
    var watch = false

    func run() async throws {
        let watch = watch
        try await Composition.withRedis { client in
            @Sendable func page() async throws -> String {
                var rows = [["QUEUE", "READY", "DELAYED", "IN FLIGHT", "PARKED", "DEAD", "SUSPECTS", "OLDEST", "TENANTS", "BYTES", "SET"]]
                for name in try await QueueDirectory(client: client).names() {
                    let queue = try await PartitionedJobQueue.open(client: client, name: name)
                    rows.append(Self.row(name, try await queue.snapshot(), try await queue.settings()))
                }
                return Self.table(rows)
            }
            guard watch else { return print(try await page(), terminator: "") }
            while true {
                // A failover is just when one watches.
                let text: String
                do { text = try await page() } catch let error as JobsError { text = error.message + "\n" }
                print("\u{1B}[2J\u{1B}[H" + text, terminator: "")
                fflush(nil)
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private static func row(_ name: String, _ queue: QueueSnapshot, _ settings: QueueSettings) -> [String] {
        let numbers = [queue.ready, queue.delayed, queue.inFlight, queue.parked, queue.dead, queue.suspects]
        return [name] + numbers.map { String($0) }
            + ["\(queue.oldestAge.components.seconds) s", "\(queue.lanes)", "\(queue.bytes)", settings.summary]
    }

    /// The first column and the last, which are words, to the left; the others to the right.
    static func table(_ rows: [[String]]) -> String {
        guard let columns = rows.first?.count else { return "" }
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                if column == columns - 1 { return cell.0.isEmpty ? "" : "  " + cell.0 }
                return column == 0 ? cell.0 + padding : "  " + padding + cell.0
            }
            .joined() + "\n"
        }
        .joined()
    }
}
