import Platform

/// One job of a `MemoryStore`.
struct MemoryJob: Sendable {
    enum Place: Sendable, Equatable {
        case ready
        case delayed
        case leased([UInt8])
        case suspect
        case parked(String)
        case dead(at: Int64, reason: String)
    }

    let id: String
    let lane: String
    let tenant: String
    let uniqueKey: String
    let type: String
    let enqueuedAt: Int64
    let tail: [UInt8]
    var readyAt: Int64
    var attempts = 0
    var crashes = 0
    var losses = 0
    var previousEpoch: Int64 = 0
    var place = Place.ready

    init(_ request: JobRequest, at now: Int64) {
        id = request.id
        lane = request.lane
        tenant = request.tenant
        uniqueKey = request.uniqueKey
        type = request.type
        enqueuedAt = now
        readyAt = now + request.delay.milliseconds
        tail = JobEntry.tail(lane: lane, id: id, type: type, uniqueKey: uniqueKey, body: request.body)
    }

    /// As the scripts for Redis write it, so that consumers read one form.
    var entry: [UInt8] {
        Array("\(readyAt)|\(enqueuedAt)|\(attempts)|\(crashes)|\(losses)|\(previousEpoch)|".utf8) + tail
    }

    var isDead: Bool { if case .dead = place { true } else { false } }
}
