import Platform

/// A job that the workers of a queue enqueue at every tick of a schedule.
///
/// Each tick fires once, however many workers are given the job: its id is the name and the tick
/// (`nightly@2026-11-23T02:00:00Z`), and how far the schedule has been dealt with is kept in the queue.
public struct ScheduledJob: Sendable {
    /// What becomes of ticks during which nobody could fire: no worker, no Redis.
    public enum CatchUp: Sendable, Hashable {
        /// The last one fires if it is not older than this, in whole seconds from one on; the others never.
        case skip(laterThan: Duration)
        /// The last one fires, for all.
        case once
        /// The last ones fire, each, up to this many: 1 to 100. Older ones never.
        case each(upTo: Int)
    }

    /// What becomes of a tick while the job of an earlier one still waits or runs (dead ones do not count).
    public enum Overlap: Sendable, Hashable {
        /// It does not fire.
        case skip
        /// It fires; jobs of several ticks may wait and run at the same time.
        case allow
    }

    private static let timestampLength = 20
    static let longestCatchUp = 100

    public let name: String
    public let schedule: Schedule
    public let catchUp: CatchUp
    public let overlap: Overlap
    public let queue: String
    package let lane: String
    /// What follows the id in an entry.
    package let rest: [UInt8]
    private let type: String
    private let body: [UInt8]
    private let priority: Int

    /// - Parameters:
    ///   - name: unique in its queue; 1 to 107 of `[A-Za-z0-9._@:-]`.
    ///   - queue: where it is fired; that of the job's type unless given.
    /// - Throws: `.encoding`, `.payloadTooLarge` (an envelope beyond 1 KiB), or `.invalidJob`, also for a policy out of range, or for
    ///   `.each` with `.skip`, which contradict each other.
    public init<J: JobContract>(
        name: String, schedule: Schedule, job: J, catchUp: CatchUp, overlap: Overlap, priority: Int = 0, queue: String? = nil
    ) throws(JobsError) {
        let request = try JobRequest(job, id: name, priority: priority, queue: queue)
        guard name.utf8.count + 1 + Self.timestampLength <= 128 else {
            throw JobsError(.invalidJob, "the name of a schedule has 1 to \(127 - Self.timestampLength) characters")
        }
        guard request.body.count <= JobEntry.inlineLimit else {
            throw JobsError(.payloadTooLarge, "a scheduled job has up to \(JobEntry.inlineLimit) bytes")
        }
        switch catchUp {
        case .once: break
        case .skip(let limit):
            guard limit >= .seconds(1), limit < .seconds(3650 * 86_400) else {
                throw JobsError(.invalidJob, "a tick is skipped when it is a second to ten years late")
            }
        case .each(let limit):
            guard (1...Self.longestCatchUp).contains(limit) else {
                throw JobsError(.invalidJob, "1 to \(Self.longestCatchUp) missed ticks may be made up for")
            }
            guard overlap == .allow else {
                throw JobsError(.invalidJob, "to make up for each missed tick takes several jobs at a time, which this overlap forbids")
            }
        }
        self.name = name
        self.schedule = schedule
        self.catchUp = catchUp
        self.overlap = overlap
        self.queue = request.queue
        self.priority = priority
        lane = request.lane
        type = request.type
        body = request.body
        rest = Array("\(type)||".utf8) + body
    }

    func request(tick: String) throws(JobsError) -> JobRequest {
        try JobRequest(type: type, body: body, id: "\(name)@\(tick)", priority: priority, queue: queue)
    }

    /// A tick as it stands in ids: RFC 3339 in UTC, without a fraction.
    package static func text(of tick: Int64) -> String {
        var bytes: [UInt8] = []
        Timestamp.append(milliseconds: tick * 1000, to: &bytes)
        return String(decoding: bytes.prefix(timestampLength - 1), as: UTF8.self) + "Z"
    }

    /// The tick that the id of a job names, if it names one.
    package static func tick(ofID id: String) -> Int64? {
        guard let at = id.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let text = id[id.utf8.index(after: at)...]
        let parts = text.split(omittingEmptySubsequences: false) { !("0"..."9").contains($0) }
        // Of a fixed length each, so that no number is too large to be reckoned with.
        guard text.utf8.count == timestampLength, parts.map(\.utf8.count) == [4, 2, 2, 2, 2, 2, 0] else { return nil }
        let numbers = parts.compactMap { Int64($0) }
        guard numbers.count == 6 else { return nil }
        let day = CivilDate.day(year: numbers[0], month: max(1, min(12, numbers[1])), day: numbers[2])
        let tick = day * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
        return Self.text(of: tick) == text ? tick : nil
    }
}
