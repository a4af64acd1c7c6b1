import NIOCore
import NIOTestUtils
import Redis
import Testing

/// The reader as NIO's verifier wants it.
private struct ReplyDecoder: ByteToMessageDecoder {
    typealias InboundOut = RedisValue
    let reader = ReplyReader(maximumSize: 1 << 20)

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        try reader.read(&buffer) { context.fireChannelRead(wrapInboundOut($0)) }
        return .needMoreData
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decode(context: context, buffer: &buffer)
    }
}

@Suite struct ReplyReaderTests {
    private func read(_ text: String, maximumSize: Int = 1 << 20, chunk: Int = .max) throws(RedisError) -> [RedisValue] {
        let reader = ReplyReader(maximumSize: maximumSize)
        var values: [RedisValue] = []
        var rest = ByteBuffer(string: text)
        while rest.readableBytes > 0, var slice = rest.readSlice(length: min(chunk, rest.readableBytes)) {
            try reader.read(&slice) { values.append($0) }
        }
        return values
    }

    private func failure(_ text: String, maximumSize: Int = 1 << 20, chunk: Int = .max) -> RedisError.Code? {
        do throws(RedisError) {
            _ = try read(text, maximumSize: maximumSize, chunk: chunk)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `every split of the stream gives the same replies`() throws {
        let cases: [(String, [RedisValue])] = [
            ("+OK\r\n", [.simple("OK")]),
            ("-ERR no\r\n", [.error("ERR no")]),
            (":-42\r\n", [.integer(-42)]),
            ("$5\r\na\r\nbc\r\n", [.bytes(Array("a\r\nbc".utf8))]),
            ("$0\r\n\r\n", [.bytes([])]),
            ("$-1\r\n", [.null]),
            ("*-1\r\n", [.null]),
            ("*0\r\n", [.array([])]),
            ("*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n*0\r\n", [.array([.integer(1), .array([.simple("a"), .null]), .array([])])]),
        ]
        try ByteToMessageDecoderVerifier.verifyDecoder(inputOutputPairs: cases.map { (ByteBuffer(string: $0), $1) }) { ReplyDecoder() }
    }

    @Test func `numbers keep their whole range`() throws {
        #expect(try read(":9223372036854775807\r\n:-9223372036854775808\r\n") == [.integer(.max), .integer(.min)])
    }

    @Test func `many strings in one reply`() throws {
        let text = "*500\r\n" + (0..<500).map { "$\("\($0)".utf8.count)\r\n\($0)\r\n" }.joined()
        let expected = RedisValue.array((0..<500).map { .bytes(Array("\($0)".utf8)) })
        for chunk in [1, 7, 4096, .max] { #expect(try read(text + text, chunk: chunk) == [expected, expected]) }
    }

    @Test func `a reply larger than one bite`() throws {
        let text = String(repeating: "x", count: 300_000)
        #expect(try read("$300000\r\n\(text)\r\n:1\r\n", chunk: 65_536) == [.bytes(Array(text.utf8)), .integer(1)])
    }

    @Test func `seven levels of nesting are read, the eighth is refused`() throws {
        var expected = RedisValue.integer(1)
        for _ in 0..<7 { expected = .array([expected]) }
        #expect(try read(String(repeating: "*1\r\n", count: 7) + ":1\r\n") == [expected])
        #expect(failure(String(repeating: "*1\r\n", count: 9) + ":1\r\n") == .protocolViolation)
        #expect(failure(String(repeating: "*1\r\n", count: 10_000)) == .protocolViolation)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "\0\0\0\0", "%1\r\n+a\r\n+b\r\n", ":1x\r\n", ":\r\n", ":99999999999999999999\r\n",
        "$-2\r\nxx\r\n", "$x\r\n", "$99999999999999999999\r\n", "*-2\r\n", "*x\r\n", "*99999999999999999999\r\n", "*2147483648\r\n",
        "*2\r\n:1\r\n!\r\n", "$000000000000000000000000000000000000000001",
    ])
    func `garbage is an error, whatever the chunks`(text: String) {
        for chunk in [1, 7, .max] {
            let code = failure(text, chunk: chunk)
            #expect(code == .protocolViolation || code == .replyTooLarge, "chunk \(chunk)")
        }
    }

    @Test(arguments: ["$1048577\r\n", "$9223372036854775807\r\n", "*2147483647\r\n", "*43692\r\n"])
    func `an announced size beyond the limit is refused before its bytes come`(text: String) {
        #expect(failure(text) == .replyTooLarge)
    }

    @Test func `the size counts over all parts of a reply and starts anew with the next`() throws {
        let part = "$400\r\n" + String(repeating: "x", count: 400) + "\r\n"
        #expect(failure("*3\r\n" + part + part + part, maximumSize: 1000) == .replyTooLarge)
        #expect(try read(part + part + part, maximumSize: 1000).count == 3)
        #expect(failure("*5\r\n" + String(repeating: "*5\r\n", count: 5), maximumSize: 240) == .replyTooLarge)
    }

    @Test func `a line without end is refused`() {
        for sign in ["+", "-", ":", "*"] {
            #expect(failure(sign + String(repeating: "1", count: 200_000), chunk: 1000) == .protocolViolation)
        }
    }

    @Test func `an error is final`() throws {
        let reader = ReplyReader(maximumSize: 100)
        var values: [RedisValue] = []
        var first = ByteBuffer(string: "+a\r\n?\r\n+b\r\n")
        #expect(throws: RedisError.self) { try reader.read(&first) { values.append($0) } }
        var second = ByteBuffer(string: "+c\r\n")
        #expect(throws: RedisError.self) { try reader.read(&second) { values.append($0) } }
        #expect(values == [.simple("a")])
        #expect(first.readableBytes == 0)
    }

    @Test func `a truncated reply is no reply`() throws {
        let whole = "*2\r\n$3\r\nabc\r\n:12\r\n"
        for length in 0..<whole.utf8.count { #expect(try read(String(decoding: whole.utf8.prefix(length), as: UTF8.self)) == []) }
    }

    @Test func `random bytes neither trap nor hang`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("+-:$*0123456789\r\n\r\n\r\nax\0".utf8)
        for _ in 0..<3000 {
            let length = Int.random(in: 1...200, using: &generator)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            let reader = ReplyReader(maximumSize: 10_000)
            var buffer = ByteBuffer(bytes: bytes)
            var count = 0
            do throws(RedisError) {
                try reader.read(&buffer) { _ in count += 1 }
            } catch {
                #expect([.protocolViolation, .replyTooLarge].contains(error.code))
            }
            #expect(count <= length / 3)
        }
    }
}
