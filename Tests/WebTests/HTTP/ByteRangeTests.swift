import Testing
import Web

struct ByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-0", .part(0..<1)), ("bytes=0-99", .part(0..<100)), ("bytes=10-19", .part(10..<20)), ("bytes=99-", .part(99..<100)),
            ("bytes=0-", .part(0..<100)), ("bytes=-1", .part(99..<100)), ("bytes=-100", .part(0..<100)), ("bytes=-101", .part(0..<100)),
            ("bytes=50-1000", .part(50..<100)), ("Bytes= 1-2 ", .part(1..<3)), ("bytes=,1-2,", .part(1..<3)), ("bytes=00-01", .part(0..<2)),
            ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ] as [(String, ByteRange)])
    func resolved(_ field: String, _ range: ByteRange) {
        #expect(ByteRange(field, size: 100) == range)
    }

    @Test(
        "H58 numbers beyond 64 bits",
        arguments: [
            ("bytes=0-9223372036854775807", .part(0..<100)), ("bytes=0-9223372036854775808", .part(0..<100)),
            ("bytes=0-99999999999999999999999999", .part(0..<100)), ("bytes=-99999999999999999999999999", .part(0..<100)),
            ("bytes=-9223372036854775808", .part(0..<100)), ("bytes=9223372036854775807-", .unsatisfiable),
            ("bytes=99999999999999999999-99999999999999999999", .unsatisfiable),
            ("bytes=18446744073709551616-18446744073709551617", .unsatisfiable),
        ] as [(String, ByteRange)])
    func overflow(_ field: String, _ range: ByteRange) {
        #expect(ByteRange(field, size: 100) == range)
    }

    @Test("H58 the largest size there is")
    func largestSize() {
        #expect(ByteRange("bytes=0-9223372036854775807", size: .max) == .part(0..<Int64.max))
        #expect(ByteRange("bytes=-9223372036854775807", size: .max) == .part(0..<Int64.max))
        #expect(ByteRange("bytes=9223372036854775806-", size: .max) == .part(Int64.max - 1..<Int64.max))
        #expect(ByteRange("bytes=9223372036854775807-", size: .max) == .unsatisfiable)
    }

    @Test("H58 more than one range")
    func many() {
        #expect(ByteRange("bytes=0-0,1-1", size: 100) == .unsatisfiable)
        #expect(ByteRange("bytes=0-0, , x", size: 100) == .unsatisfiable)
        #expect(ByteRange("bytes=" + Array(repeating: "0-", count: 1000).joined(separator: ","), size: 100) == .unsatisfiable)
        #expect(ByteRange("bytes=" + String(repeating: ",", count: 100_000), size: 100) == .whole)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-4", "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=1-2-3",
        "bytes=0x1-2", "bytes=1 - 2", "byte=0-1", "items=0-1", "bytes =0-1", " bytes=0-1", "bytes=\u{661}-\u{662}", "bytes=0-1\0",
        "bytes:0-1",
    ])
    func ignored(_ field: String) {
        #expect(ByteRange(field, size: 100) == .whole)
    }

    @Test func emptyFile() {
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-5", size: 0) == .whole)
        #expect(ByteRange("bytes=-0", size: 0) == .unsatisfiable)
        #expect(ByteRange(nil, size: 0) == .whole)
    }

    @Test func contentRange() {
        #expect(ByteRange("bytes=10-19", size: 100).contentRange(size: 100) == "bytes 10-19/100")
        #expect(ByteRange("bytes=100-", size: 100).contentRange(size: 100) == "bytes */100")
        #expect(ByteRange(nil, size: 100).contentRange(size: 100) == nil)
    }
}
