import NIOCore
import Redis
import Testing

@Suite struct RedisValueTests {
    @Test func accessors() {
        #expect(RedisValue.integer(7).int == 7)
        #expect(RedisValue.bytes(Array("12".utf8)).int == 12)
        #expect(RedisValue.bytes(Array("x".utf8)).int == nil)
        #expect(RedisValue.simple("OK").string == "OK")
        #expect(RedisValue.bytes([0xFF, 0x41]).string == "\u{FFFD}A")
        #expect(RedisValue.array([.null]).array == [.null])
        #expect(RedisValue.null.bytes == nil)
        #expect(RedisValue.null.isNull)
    }

    @Test func `commands are encoded with lengths, whatever the bytes`() {
        let command = RedisCommand("SET", "a b\r\n", RedisArgument([0, 255]), 12, "", "x\(3)")
        let expected =
            Array("*6\r\n$3\r\nSET\r\n$5\r\na b\r\n\r\n$2\r\n".utf8) + [0, 255]
            + Array("\r\n$2\r\n12\r\n$0\r\n\r\n$2\r\nx3\r\n".utf8)
        #expect(Array(command.encoded.readableBytesView) == expected)
    }

    @Test func `H30 a line break in an argument stays inside the argument`() {
        let command = RedisCommand("GET", "x\r\n*1\r\n$8\r\nFLUSHALL\r\n")
        let expected = "*2\r\n$3\r\nGET\r\n$25\r\nx\r\n*1\r\n$8\r\nFLUSHALL\r\n\r\n"
        #expect(String(buffer: command.encoded) == expected.replacing("$25", with: "$\("x\r\n*1\r\n$8\r\nFLUSHALL\r\n".utf8.count)"))
        #expect(command.description == "GET")
    }
}
