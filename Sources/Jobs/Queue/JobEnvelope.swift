/// The immutable part of a job that only Swift reads, in a binary form:
///
///     1   codec version, 0x02
///     2   schema version, big endian
///     2   n, big endian, then n bytes: extensions, each <tag> <length> <value>; unknown tags are skipped
///     4   n, big endian, then n bytes: payload, up to the end
///
/// The lengths must add up exactly, so a truncated or padded envelope is recognised.
package struct JobEnvelope: Sendable, Equatable {
    package static let codecVersion: UInt8 = 2

    /// What most jobs do not have.
    package struct Extensions: Sendable, Equatable {
        /// Time that a run may take, in milliseconds; tag 1.
        package var timeout: Int64?
        /// Time from enqueue after which the job is of no use, in milliseconds; tag 2.
        package var lifetime: Int64?
        /// Tag 3.
        package var traceParent: TraceParent?

        package init(timeout: Int64? = nil, lifetime: Int64? = nil, traceParent: TraceParent? = nil) {
            self.timeout = timeout
            self.lifetime = lifetime
            self.traceParent = traceParent
        }
    }

    package let schemaVersion: Int
    package let extensions: Extensions
    package let payload: ArraySlice<UInt8>

    /// - Throws: `.payloadTooLarge` or `.invalidJob`.
    package static func encode(schemaVersion: Int, extensions: Extensions = Extensions(), payload: [UInt8]) throws(JobsError) -> [UInt8] {
        guard payload.count <= JobRequest.maximumPayload else {
            throw JobsError(.payloadTooLarge, "a payload of \(payload.count) bytes; at most \(JobRequest.maximumPayload) are allowed")
        }
        guard (0...0xFFFF).contains(schemaVersion) else { throw JobsError(.invalidJob, "a schema version is 0 to 65535") }
        let extra = extensions.encoded
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 + extra.count + payload.count)
        bytes.append(codecVersion)
        bytes.append(bigEndian: schemaVersion, width: 2)
        bytes.append(bigEndian: extra.count, width: 2)
        bytes.append(contentsOf: extra)
        bytes.append(bigEndian: payload.count, width: 4)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// - Throws: `.malformed` for anything but the exact form.
    package init(_ bytes: ArraySlice<UInt8>) throws(JobsError) {
        var reader = Reader(rest: bytes)
        guard try reader.integer(1) == Int64(Self.codecVersion) else { throw JobsError(.malformed, "envelope of an unknown version") }
        schemaVersion = Int(try reader.integer(2))
        extensions = try Extensions(reader.take(reader.integer(2)))
        let length = try reader.integer(4)
        guard length == reader.rest.count else { throw JobsError(.malformed, "envelope cut short or padded") }
        guard length <= JobRequest.maximumPayload else { throw JobsError(.malformed, "envelope with an oversized payload") }
        payload = reader.rest
    }

    fileprivate struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ count: Int64) throws(JobsError) -> ArraySlice<UInt8> {
            guard count <= rest.count else { throw JobsError(.malformed, "envelope cut short") }
            defer { rest = rest.dropFirst(Int(count)) }
            return rest.prefix(Int(count))
        }

        mutating func integer(_ width: Int64) throws(JobsError) -> Int64 {
            try take(width).reduce(0) { $0 << 8 | Int64($1) }
        }
    }
}

extension JobEnvelope.Extensions {
    private static let timeoutTag: UInt8 = 1
    private static let lifetimeTag: UInt8 = 2
    private static let traceTag: UInt8 = 3
    /// Milliseconds up to 285,000 years.
    private static let timeWidth = 6

    fileprivate var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for (tag, time) in [(Self.timeoutTag, timeout), (Self.lifetimeTag, lifetime)] {
            guard let time else { continue }
            bytes += [tag, UInt8(Self.timeWidth)]
            bytes.append(bigEndian: time, width: Self.timeWidth)
        }
        if let traceParent {
            bytes += [Self.traceTag, UInt8(traceParent.description.utf8.count)]
            bytes += traceParent.description.utf8
        }
        return bytes
    }

    fileprivate init(_ bytes: ArraySlice<UInt8>) throws(JobsError) {
        var reader = JobEnvelope.Reader(rest: bytes)
        while !reader.rest.isEmpty {
            let tag = UInt8(try reader.integer(1))
            var value = JobEnvelope.Reader(rest: try reader.take(reader.integer(1)))
            switch tag {
            case Self.timeoutTag: timeout = try value.integer(Int64(Self.timeWidth))
            case Self.lifetimeTag: lifetime = try value.integer(Int64(Self.timeWidth))
            // One that cannot be read costs the trace, not the job.
            case Self.traceTag: traceParent = TraceParent(String(decoding: value.rest, as: UTF8.self))
            default: break
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger, width: Int) {
        for index in (0..<width).reversed() { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}
