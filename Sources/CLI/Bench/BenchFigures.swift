/// What `sluice bench queue` found.
struct BenchFigures: Sendable {
    let enqueued: Double
    let drained: Double
    /// From the call of enqueue to the start of the handler.
    let pickups: [Duration]
    /// Of Redis's memory, payload included.
    let bytesPerJob: Int?

    var table: String {
        var lines = [("enqueued", Self.whole(enqueued) + " jobs/s"), ("drained", Self.whole(drained) + " jobs/s")]
        if !pickups.isEmpty {
            lines.append(("pickup on the idle queue, p50", Self.milliseconds(percentile(50))))
            lines.append(("pickup on the idle queue, p99", Self.milliseconds(percentile(99))))
        }
        if let bytesPerJob { lines.append(("Redis memory per waiting job", "\(bytesPerJob) bytes")) }
        return lines.map { what, figure in
            let (number, unit) = (figure.prefix { $0 != " " }, figure.drop { $0 != " " })
            return what + String(repeating: " ", count: max(1, 44 - what.count - number.count)) + number + unit + "\n"
        }
        .joined()
    }

    private func percentile(_ percent: Int) -> Duration {
        pickups.sorted()[min(pickups.count - 1, pickups.count * percent / 100)]
    }

    private static func whole(_ rate: Double) -> String { String(Int(rate)) }

    private static func milliseconds(_ time: Duration) -> String {
        let hundredths = Int((time / .milliseconds(1) * 100).rounded())
        return "\(hundredths / 100).\(String(100 + hundredths % 100).dropFirst()) ms"
    }
}
