/// One job as the scripts keep it; the form is described in `Scripts/common.lua`.
package struct JobEntry: Sendable {
    package let readyAt: Int64
    package let enqueuedAt: Int64
    package let attempts: Int
    package let crashes: Int
    package let previousEpoch: Int64
    package let priority: Int
    package let tenant: String
    package let id: String
    package let body: ArraySlice<UInt8>

    /// The body of an entry whose envelope is kept in a key of its own.
    package static let apart = UInt8(ascii: "x")
    /// Envelopes up to this size travel inside the entry; a larger one costs a look-up but keeps the indexes small.
    package static let inlineLimit = 1024

    package var isApart: Bool { body.count == 1 && body.first == Self.apart }

    /// - Throws: `.malformed`.
    package init(_ bytes: [UInt8]) throws(JobsError) {
        var start = 0
        func field() throws(JobsError) -> ArraySlice<UInt8> {
            guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "|")) else { throw JobsError(.malformed, "entry cut short") }
            defer { start = end + 1 }
            return bytes[start..<end]
        }
        readyAt = try Self.number(try field())
        enqueuedAt = try Self.number(try field())
        attempts = Int(try Self.number(try field()))
        crashes = Int(try Self.number(try field()))
        previousEpoch = try Self.number(try field())
        let lane = try field()
        guard lane.count >= 2, lane[lane.startIndex + 1] == UInt8(ascii: ":"), (0x30...0x39).contains(lane[lane.startIndex]) else {
            throw JobsError(.malformed, "entry with a bad lane")
        }
        priority = Int(lane[lane.startIndex] - 0x30)
        tenant = String(decoding: lane.dropFirst(2), as: UTF8.self)
        id = String(decoding: try field(), as: UTF8.self)
        guard JobName.isID(id), JobName.isTenant(tenant) else { throw JobsError(.malformed, "entry with a bad name") }
        body = bytes[start...]
    }

    private static func number(_ digits: ArraySlice<UInt8>) throws(JobsError) -> Int64 {
        guard (1...17).contains(digits.count) else { throw JobsError(.malformed, "entry with a bad number") }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { throw JobsError(.malformed, "entry with a bad number") }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
