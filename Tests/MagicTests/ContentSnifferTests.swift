import Foundation
import Magic
import Platform
import Testing

/// One after another, since two of them look at what the whole process has resident.
@Suite("Looking at content", .serialized)
struct ContentSnifferTests {
    private static let pool = BlockingPool(name: "types", size: 2)

    private static let page = Array("<html><body>text</body></html>".utf8)
    private static let picture: [UInt8] = [0x89] + Array("PNG\r\n\u{1A}\n\0\0\0\rIHDR\0\0\0\u{1}\0\0\0\u{1}\u{8}\u{2}\0\0\0".utf8)
    private static let testVirus = Array(#"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"#.utf8)

    @Test("types and words of common content")
    func types() async throws {
        let sniffer = try ContentSniffer(pool: Self.pool)
        #expect(try await sniffer.look(Self.picture).types.first == "image/png")
        #expect(try await sniffer.look(Self.page).types.first == "text/html")
        #expect(try await sniffer.look(Array("words\n".utf8)).types == ["text/plain"])
        #expect(try await sniffer.look([]).types == ["application/x-empty"])
        #expect(try await sniffer.look([0x61]).types == ["application/x-empty"])
        #expect(try await sniffer.look(Self.testVirus).description.hasPrefix("EICAR virus test files"))
    }

    @Test("content that may be taken for several types shows all of them")
    func faces() async throws {
        let sniffed = try await ContentSniffer(pool: Self.pool).look(
            Array(#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>"#.utf8))
        #expect(sniffed.types == ["image/svg+xml", "text/xml"])
    }

    @Test("H38 what a description repeats of the content is printable")
    func printable() async throws {
        let hostile = Array("#! /bin/\u{1B}[31m\u{7}evil\n- text/html\n".utf8)
        let sniffed = try await ContentSniffer(pool: Self.pool).look(hostile)
        #expect(sniffed.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(!sniffed.types.contains("text/html"))
    }

    @Test("H44 H46 archives are not unpacked, nor pictures decoded, to tell what they are")
    func bombs() async throws {
        let sniffer = try ContentSniffer(pool: Self.pool)
        let archive = Self.zeros(10_000_000)
        let flood = Self.picture.prefix(16) + [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF] + Self.picture.dropFirst(24)
        _ = try await sniffer.look(Self.picture)
        let before = try Self.residentBytes()
        for _ in 0..<20 {
            #expect(try await sniffer.look(archive).types.first == "application/gzip")
            #expect(try await sniffer.look(Array(flood)).types.first == "image/png")
        }
        #expect(try Self.residentBytes() - before < 8 << 20)
    }

    /// So many zeros, compressed by gzip: a literal one, then copies of 258 of the byte before, each in 13 bits (RFC 1951, section 3.2.6).
    private static func zeros(_ count: Int) -> [UInt8] {
        var (bytes, bits, held): ([UInt8], Int, Int) = ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], 0, 0)
        func put(_ code: Int, _ width: Int) {
            for position in (0..<width).reversed() {
                bits |= (code >> position & 1) << held
                held += 1
                if held == 8 {
                    bytes.append(UInt8(bits))
                    (bits, held) = (0, 0)
                }
            }
        }
        put(0b110, 3)
        put(0b0011_0000, 8)
        for _ in 0..<(count - 1) / 258 {
            put(0b1100_0101, 8)
            put(0, 5)
        }
        put(0, 14)
        return bytes
    }

    @Test("without a database there is no sniffer")
    func noDatabase() {
        #expect(throws: MagicError(.noDatabase)) { try ContentSniffer(pool: Self.pool, database: "/nonexistent/magic.mgc") }
    }

    @Test("10,000 looks, from more tasks than there are threads, leave memory as it was")
    func memory() async throws {
        let sniffer = try ContentSniffer(pool: Self.pool)
        let contents = [Self.picture, Self.page, Self.testVirus, Array("a,b\n1,2\n".utf8), [UInt8](repeating: 0x61, count: 4096)]
        let looks = { @Sendable (count: Int) in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for index in 0..<count / 8 { _ = try await sniffer.look(contents[(index + worker) % contents.count]) }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await looks(1000)
        let before = try Self.residentBytes()
        try await looks(10_000)
        #expect(try Self.residentBytes() - before < 8 << 20)
    }

    private static func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096
    }
}
