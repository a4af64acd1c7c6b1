/// The immutable part of a job that only Swift reads, in a binary form:
///
///     1   codec version, 0x01
///     1   n, then n bytes: type
///     2   schema version, big endian
///     2   n, big endian, then n bytes: extensions, each <tag> <length> <value>; unknown tags are skipped
///     4   n, big endian, then n bytes: payload, up to the end
///
/// The lengths must add up exactly, so a truncated or padded envelope is recognised.
package struct JobEnvelope: Sendable {
    package static let codecVersion: UInt8 = 1

    package let type: String
    package let schemaVersion: Int
    package let payload: ArraySlice<UInt8>

    /// - Throws: `.payloadTooLarge` or `.invalidJob`.
    package static func encode(type: String, schemaVersion: Int, payload: [UInt8]) throws(JobsError) -> [UInt8] {
        guard payload.count <= JobRequest.maximumPayload else {
            throw JobsError(.payloadTooLarge, "a payload of \(payload.count) bytes; at most \(JobRequest.maximumPayload) are allowed")
        }
        guard JobName.isType(type) else { throw JobsError(.invalidJob, "a job type has 1 to 64 of a-z 0-9 . _ @ : -") }
        guard (0...0xFFFF).contains(schemaVersion) else { throw JobsError(.invalidJob, "a schema version is 0 to 65535") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(10 + type.utf8.count + payload.count)
        bytes.append(codecVersion)
        bytes.append(UInt8(type.utf8.count))
        bytes.append(contentsOf: type.utf8)
        bytes.append(UInt8(schemaVersion >> 8))
        bytes.append(UInt8(schemaVersion & 0xFF))
        bytes.append(0)
        bytes.append(0)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// - Throws: `.malformed` for anything but the exact form.
    package init(_ bytes: ArraySlice<UInt8>) throws(JobsError) {
        var reader = Reader(rest: bytes)
        guard try reader.integer(1) == Int(Self.codecVersion) else { throw JobsError(.malformed, "envelope of an unknown version") }
        let type = String(decoding: try reader.take(reader.integer(1)), as: UTF8.self)
        guard JobName.isType(type) else { throw JobsError(.malformed, "envelope with a bad type") }
        self.type = type
        schemaVersion = try reader.integer(2)
        var extensions = Reader(rest: try reader.take(reader.integer(2)))
        while !extensions.rest.isEmpty {
            _ = try extensions.integer(1)
            _ = try extensions.take(extensions.integer(1))
        }
        let length = try reader.integer(4)
        guard length == reader.rest.count else { throw JobsError(.malformed, "envelope cut short or padded") }
        guard length <= JobRequest.maximumPayload else { throw JobsError(.malformed, "envelope with an oversized payload") }
        payload = reader.rest
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ count: Int) throws(JobsError) -> ArraySlice<UInt8> {
            guard count <= rest.count else { throw JobsError(.malformed, "envelope cut short") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func integer(_ width: Int) throws(JobsError) -> Int {
            try take(width).reduce(0) { $0 << 8 | Int($1) }
        }
    }
}
