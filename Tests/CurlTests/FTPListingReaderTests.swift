import Curl
import Testing

@Suite struct FTPListingReaderTests {
    private final class Taken {
        var chunks: [Int] = []
        var names: [String] = []
        var most = Int.max
    }

    private func reader(_ taken: Taken) -> FTPListingReader {
        FTPListingReader(parse: { FTPEntry(name: String($0), size: nil, modified: nil, isDirectory: false) }) { entries in
            taken.chunks.append(entries.count)
            if taken.names.count < 10 { taken.names += entries.prefix(10).map(\.name) }
            return taken.chunks.reduce(0, +) < taken.most
        }
    }

    private func feed(_ text: String, to reader: inout FTPListingReader) -> Bool {
        Array(text.utf8).withUnsafeBytes { reader.feed($0) }
    }

    @Test("lines are found wherever the bytes are cut", arguments: 1...9)
    func cuts(step: Int) {
        let taken = Taken()
        var reader = reader(taken)
        let bytes = Array("one\r\ntwo\nthree\r\ncut off".utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            let isWanted = bytes[start..<min(start + step, bytes.count)].withUnsafeBytes { reader.feed($0) }
            #expect(isWanted)
        }
        #expect(taken.names == [], "nothing is handed over before a chunk is full")
        reader.finish()
        #expect(taken.names == ["one", "two", "three"])
    }

    @Test("there is no limit to the count, and no chunk is larger than another")
    func many() {
        let taken = Taken()
        var reader = reader(taken)
        for _ in 0..<1000 { #expect(feed(String(repeating: "name\r\n", count: 501), to: &reader)) }
        reader.finish()
        #expect(taken.chunks.reduce(0, +) == 501_000)
        #expect(taken.chunks.allSatisfy { $0 == FTPListingReader.chunk })
    }

    @Test("a line without an end is skipped, and what follows it is read")
    func endlessLine() {
        let taken = Taken()
        var reader = reader(taken)
        for _ in 0..<100 { #expect(feed(String(repeating: "x", count: 1000), to: &reader)) }
        #expect(feed("\nname\n", to: &reader))
        reader.finish()
        #expect(taken.names == ["name"])
    }

    @Test("it ends when no more is wanted")
    func stopped() {
        let taken = Taken()
        taken.most = 600
        var reader = reader(taken)
        #expect(feed(String(repeating: "n\n", count: 600), to: &reader))
        #expect(!feed(String(repeating: "n\n", count: 5000), to: &reader))
        #expect(reader.isStopped)
        #expect(taken.chunks == [500, 500])
    }
}
