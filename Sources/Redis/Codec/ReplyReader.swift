import CHiredis
package import NIOCore

/// Turns bytes into replies with hiredis' reader (`redisReaderFeed`, `redisReaderGetReply`).
///
/// Bounds what a peer can make us hold: the size of a reply, the length of a line, and (in hiredis) seven levels of
/// nesting. An error is final: the position in the stream is lost, so the connection must be closed.
package final class ReplyReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let builder: ReplyBuilder
    private let maximumSize: Int
    private var failure: RedisError?

    /// hiredis moves the unread rest of its buffer forward every 1024 bytes; small bites keep that rest small.
    private static let bite = 16 * 1024
    /// Longer than any status or error of Redis, whose script errors may run to some kilobytes.
    private static let maximumLine = 64 * 1024
    /// The longest `$<length>\r\n` that can be meant seriously.
    private static let maximumLengthLine = 24

    /// - Parameter maximumSize: the largest reply, in bytes, with 24 bytes counted for each element of an array.
    package init(maximumSize: Int) {
        builder = ReplyBuilder(maximumSize: maximumSize)
        self.maximumSize = maximumSize
        guard let reader = redisReaderCreateWithFunctions(ReplyBuilder.functions) else {
            preconditionFailure("out of memory for a reader")
        }
        self.reader = reader
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Consumes all of `buffer` and hands over every reply it completes, in order.
    package func read(_ buffer: inout ByteBuffer, _ body: (RedisValue) -> Void) throws(RedisError) {
        buffer.readWithUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while failure == nil, !rest.isEmpty {
                feed(UnsafeRawBufferPointer(rebasing: rest.prefix(Self.bite)), body)
                rest = rest.dropFirst(Self.bite)
            }
            return bytes.count
        }
        if let failure { throw failure }
    }

    private func feed(_ bytes: UnsafeRawBufferPointer, _ body: (RedisValue) -> Void) {
        guard redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
            return fail()
        }
        while true {
            var token: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &token) == REDIS_OK else { return fail() }
            guard token != nil, let value = builder.take() else { break }
            body(value)
        }
        failure = examineRest()
    }

    private func fail() {
        failure =
            builder.isTooLarge
            ? tooLarge
            : RedisError(.protocolViolation, String(cString: sluice_reader_error(reader)).filter { $0.isASCII && $0 != "\u{1B}" })
    }

    private var tooLarge: RedisError { RedisError(.replyTooLarge, "a reply exceeds \(maximumSize) bytes") }

    /// Looks at the beginning of an unfinished item: hiredis would buffer a line without end, and search it anew each
    /// time, and would wait for any announced length.
    private func examineRest() -> RedisError? {
        let count = sluice_reader_unread_count(reader)
        guard count > 0, let start = sluice_reader_unread(reader) else { return nil }
        guard sluice_reader_pending_type(reader) == REDIS_REPLY_STRING else {
            return count > Self.maximumLine ? RedisError(.protocolViolation, "a line exceeds \(Self.maximumLine) bytes") : nil
        }
        var length = 0
        for byte in UnsafeRawBufferPointer(start: start, count: min(Int(count), Self.maximumLengthLine)) {
            switch byte {
            case 0x30...0x39:
                // hiredis refuses what is no number as soon as the line is complete; here only the size counts.
                let (tens, first) = length.multipliedReportingOverflow(by: 10)
                let (sum, second) = tens.addingReportingOverflow(Int(byte - 0x30))
                guard !first, !second, sum <= maximumSize else { return tooLarge }
                length = sum
            case UInt8(ascii: "\r"): return nil
            default: continue
            }
        }
        return count >= Self.maximumLengthLine ? RedisError(.protocolViolation, "a length without end") : nil
    }
}
