import Foundation
import Glibc
import Platform
import TestSupport
import Testing

struct LineOutputTests {
    private static let report: @Sendable (Int) -> [UInt8] = { Array("dropped \($0)\n".utf8) }

    @Test("Lines of many threads do not mix") func threads() async throws {
        let (reader, writer) = try pipes()
        let output = LineOutput(descriptor: writer, limit: 4 << 20, report: Self.report)
        let pool = BlockingPool(name: "reader", size: 2)
        async let received = pool.run { readAll(reader) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let line = [UInt8](repeating: UInt8(ascii: "a") + UInt8(task), count: 9000) + [10]
                    for _ in 0..<25 { output.write(line) }
                }
            }
        }
        try await end(output, writer, pool)
        let lines = try await received.split(separator: 10)
        #expect(lines.count == 200)
        #expect(lines.allSatisfy { line in line.count == 9000 && line.allSatisfy { $0 == line.first } })
        await pool.shutDown()
    }

    @Test("A reader that stands still stops nobody; it misses the newest lines and is told how many", arguments: [true, false])
    func stalledReader(blocks: Bool) async throws {
        let (reader, writer) = try pipes()
        if !blocks { _ = fcntl(writer, F_SETFL, O_NONBLOCK) }
        let output = LineOutput(descriptor: writer, limit: 100_000, report: Self.report)
        let lines = (0..<1000).map { "\($0) " + String(repeating: "x", count: 1000) }
        for line in lines { output.write(Array((line + "\n").utf8)) }
        let pool = BlockingPool(name: "reader", size: 2)
        async let received = pool.run { readAll(reader) }
        try await pool.run { output.flush(within: Duration.seconds(30).stretched) }
        output.write(Array("after\n".utf8))
        try await end(output, writer, pool)
        let read = String(decoding: try await received, as: UTF8.self).split(separator: "\n").map(String.init)
        // Dropped ones are told in two lines when the thread that writes begins between them.
        let dropped = read.compactMap { $0.hasPrefix("dropped ") ? Int($0.dropFirst(8)) : nil }
        let kept = read.filter { !$0.hasPrefix("dropped ") }
        #expect((90..<200).contains(kept.count - 1))
        #expect(kept.last == "after" && (1...2).contains(dropped.count))
        #expect(dropped.reduce(0, +) == 1000 - (kept.count - 1))
        #expect(kept.dropLast().elementsEqual(lines.filter(Set(kept).contains)), "in order, each whole and once")
        await pool.shutDown()
    }

    @Test("What a descriptor refuses is told once it takes something") func fullDisk() throws {
        let (reader, writer) = try pipes()
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        let output = LineOutput(descriptor: descriptor, report: Self.report)
        for _ in 0..<3 { output.write(Array("lost\n".utf8)) }
        try #require(dup2(writer, descriptor) == descriptor)
        output.write(Array("whole\n".utf8))
        close(writer)
        close(descriptor)
        #expect(String(decoding: readAll(reader), as: UTF8.self) == "dropped 3\nwhole\n")
    }

    @Test("The line for dropped ones looks like any other") func reportLine() throws {
        let line = JSONLogHandler.lineForDropped(12)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(line.last == 10 && object["level"] as? String == "warning" && object["label"] as? String == "log")
        #expect((object["metadata"] as? [String: Any])?["count"] as? String == "12")
    }

    private func pipes() throws -> (reader: Int32, writer: Int32) {
        var descriptors: [Int32] = [0, 0]
        try #require(pipe(&descriptors) == 0)
        return (descriptors[0], descriptors[1])
    }

    /// Closes the descriptor when everything is in it.
    private func end(_ output: LineOutput, _ writer: Int32, _ pool: BlockingPool) async throws {
        try await pool.run { output.flush(within: Duration.seconds(30).stretched) }
        close(writer)
    }
}

/// Reads to the end and closes.
private func readAll(_ descriptor: Int32) -> [UInt8] {
    defer { close(descriptor) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return all }
        all += buffer.prefix(count)
    }
}
