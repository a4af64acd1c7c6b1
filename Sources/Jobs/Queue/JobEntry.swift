/// One job as the scripts keep it; the form is described in `Scripts/lanes.lua`.
package struct JobEntry: Sendable {
    package let readyAt: Int64
    package let enqueuedAt: Int64
    package let attempts: Int
    /// Workers lost in a row while the job ran.
    package let crashes: Int
    package let previousEpoch: Int64
    package let priority: Int
    package let tenant: String
    package let id: String
    package let type: String
    package let uniqueKey: String
    package let body: ArraySlice<UInt8>
    /// Bytes of the part that never changes.
    package let tailSize: Int

    /// The body of an entry whose envelope is kept in a key of its own.
    package static let apart = UInt8(ascii: "x")
    /// Envelopes up to this size travel inside the entry; a larger one costs a look-up but keeps the indexes small.
    package static let inlineLimit = 1024

    package var isApart: Bool { body.count == 1 && body.first == Self.apart }

    /// - Throws: `.malformed`.
    package init(_ bytes: [UInt8]) throws(JobsError) {
        var fields = Fields(rest: bytes[...])
        readyAt = try fields.number()
        enqueuedAt = try fields.number(empty: readyAt)
        attempts = Int(try fields.number(empty: 0))
        crashes = Int(try fields.number(empty: 0))
        _ = try fields.number(empty: 0)
        previousEpoch = try fields.number(empty: 0)
        tailSize = fields.rest.count
        let lane = try fields.next()
        guard lane.count >= 2, lane[lane.startIndex + 1] == UInt8(ascii: ":"), (0x30...0x39).contains(lane[lane.startIndex]) else {
            throw JobsError(.malformed, "entry with a bad lane")
        }
        priority = Int(lane[lane.startIndex] - 0x30)
        tenant = String(decoding: lane.dropFirst(2), as: UTF8.self)
        id = String(decoding: try fields.next(), as: UTF8.self)
        type = String(decoding: try fields.next(), as: UTF8.self)
        uniqueKey = String(decoding: try fields.next(), as: UTF8.self)
        guard JobName.isID(id), JobName.isTenant(tenant), JobName.isType(type), JobName.isTenant(uniqueKey) else {
            throw JobsError(.malformed, "entry with a bad name")
        }
        body = fields.rest
    }

    /// What the scripts call the tail: from the lane to the body.
    package static func tail(lane: String, id: String, type: String, uniqueKey: String, body: [UInt8]) -> [UInt8] {
        var tail: [UInt8] = []
        tail.reserveCapacity(lane.utf8.count + id.utf8.count + type.utf8.count + uniqueKey.utf8.count + body.count + 4)
        for field in [lane, id, type, uniqueKey] {
            tail.append(contentsOf: field.utf8)
            tail.append(Fields.separator)
        }
        tail.append(contentsOf: body)
        return tail
    }

    private struct Fields {
        static let separator = UInt8(ascii: "|")

        var rest: ArraySlice<UInt8>

        mutating func next() throws(JobsError) -> ArraySlice<UInt8> {
            guard let end = rest.firstIndex(of: Self.separator) else { throw JobsError(.malformed, "entry cut short") }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }

        /// - Parameter empty: what a field without digits stands for; nil where there must be some.
        mutating func number(empty: Int64? = nil) throws(JobsError) -> Int64 {
            let digits = try next()
            if digits.isEmpty, let empty { return empty }
            guard (1...17).contains(digits.count) else { throw JobsError(.malformed, "entry with a bad number") }
            var value: Int64 = 0
            for digit in digits {
                guard (0x30...0x39).contains(digit) else { throw JobsError(.malformed, "entry with a bad number") }
                value = value * 10 + Int64(digit - 0x30)
            }
            return value
        }
    }
}
