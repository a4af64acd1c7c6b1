import NIOCore
import Testing
import Web

/// Bodies that are as they should be.
struct MultipartParserTests {
    @Test func partsInOrder() throws {
        let parts = [
            SamplePart("hello", contentType: "text/plain; charset=utf-8"),
            SamplePart("value", name: "comment", filename: nil),
            SamplePart("", filename: "empty"),
        ]
        let found = try MultipartVerifier.verified(SamplePart.encode(parts, boundary: "abc"), boundary: "abc")
        #expect(try found == parts.flatMap { try $0.expected() } + [.finished])
    }

    @Test("H25 no part at all, and a file of no bytes")
    func nothing() throws {
        #expect(try MultipartVerifier.verified("--b--") == [.finished])
        #expect(try MultipartVerifier.verified("--b--\r\n") == [.finished])
        let empty = [SamplePart("", filename: "")]
        #expect(try MultipartVerifier.verified(SamplePart.encode(empty, boundary: "b"), boundary: "b") == empty[0].expected() + [.finished])
    }

    @Test("H25 parts and files are counted")
    func counts() throws {
        let parts = [SamplePart("x", filename: nil), SamplePart("y"), SamplePart("z")]
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        parser.feed(ByteBuffer(bytes: SamplePart.encode(parts, boundary: "b")))
        var (files, fields, ended) = (0, 0, 0)
        while let event = try parser.next() {
            switch event {
            case .partBegan(let headers): if headers.filename == nil { fields += 1 } else { files += 1 }
            case .partEnded: ended += 1
            case .body: break
            case .finished: #expect((files, fields, ended) == (2, 1, 3))
            }
        }
        try parser.end()
        #expect((files, fields, ended) == (2, 1, 3))
    }

    /// RFC 2046 lets the empty line behind the fields serve as the line end before the boundary.
    @Test func bodyWithoutLineEnd() throws {
        let text = "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n--b--"
        #expect(try MultipartVerifier.verified(text) == SamplePart("", name: "a", filename: "f").expected() + [.finished])
    }

    @Test(arguments: ["hello\r\n", "\r\n", "\r\n\r\n", "-\r\n", "--\r\n", "--c\r\n", "x--b\r\n", "\r\r\n", "\n--b\r\n", "\r\n--\r\n"])
    func preamble(_ preamble: String) throws {
        let part = SamplePart("x")
        let body = SamplePart.encode([part], boundary: "b", preamble: preamble)
        #expect(try MultipartVerifier.verified(body, boundary: "b") == part.expected() + [.finished])
    }

    @Test(
        "H8 junk behind the last boundary",
        arguments: ["", "\r\n", "x", "--b\r\n", "\r\n--b\r\n\r\n", "\r\n--b--", String(repeating: "\r\n--b", count: 5000)])
    func epilogue(_ epilogue: String) throws {
        let part = SamplePart("x")
        let body = SamplePart.encode([part], boundary: "b", epilogue: epilogue)
        #expect(try MultipartVerifier.verified(body, boundary: "b") == part.expected() + [.finished])
    }

    @Test func paddingBehindBoundary() throws {
        let text =
            "--b \t \r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b\t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--  "
        let part = SamplePart("x", name: "a", filename: nil)
        #expect(try MultipartVerifier.verified(text) == part.expected() + part.expected() + [.finished])
    }

    @Test(arguments: [
        "\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n--bound", "\r\n--boundar", "\r\r\n--boundar", "\r\n\r\n--boundar", "--boundar", "-",
        "\n--boundary", "\r--boundary", "\r\n-boundary", "x--boundary", "\r\n--boundarz", "\r\n--boundar\r\n--boundar", "\r\n--bou\r",
        "\r\n--Boundary", "\r\n\r\n\r\n\r\n\r\r\r\r\n\n", "\0\u{FF}\r\n\0",
    ])
    func contentThatLooksLikeBoundary(_ content: String) throws {
        for content in [content, content + content, content + "tail", "head" + content, String(repeating: content, count: 40)] {
            let parts = [SamplePart(content), SamplePart(content, filename: nil)]
            let found = try MultipartVerifier.verified(SamplePart.encode(parts, boundary: "boundary"), boundary: "boundary")
            #expect(try found == parts.flatMap { try $0.expected() } + [.finished])
        }
    }

    @Test(
        "H4 boundary of metacharacters is matched literally",
        arguments: ["a.c", "(a+)+", "'a'", "a*", "^a$", "a|b", "a?", "--", "-", "%s", "a/b:c=d"])
    func metacharacters(_ boundary: String) throws {
        let parts = [SamplePart("abc aaaa \r\n--abc\r\n--aaa\r\n--b\r\n--d"), SamplePart("\r\n-\r\n")]
        let found = try MultipartVerifier.verified(SamplePart.encode(parts, boundary: boundary), boundary: boundary)
        #expect(try found == parts.flatMap { try $0.expected() } + [.finished])
    }

    @Test func bodiesAreSlicesNotCopies() throws {
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        parser.feed(ByteBuffer(string: "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n"))
        _ = try parser.next()
        let chunk = ByteBuffer(repeating: 0x61, count: 65536)
        let address = chunk.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        parser.feed(chunk)
        guard case .body(let bytes) = try parser.next() else {
            Issue.record("no body")
            return
        }
        #expect(bytes.readableBytes == 65536)
        #expect(bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == address)
    }

    @Test func feedingBeforeDrainingLosesNothing() throws {
        let part = SamplePart("hello\r\nworld")
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        for byte in SamplePart.encode([part], boundary: "b") { parser.feed(ByteBuffer(bytes: [byte])) }
        var events: [MultipartEvent] = []
        while let event = try parser.next() { events.append(event) }
        #expect(events.count == 4)
        #expect(events.dropFirst().first == .body(ByteBuffer(string: "hello\r\nworld")))
        #expect(events.last == .finished)
    }

    @Test func emptyChunksMeanNothing() throws {
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        var events: [MultipartEvent] = []
        for byte in SamplePart.encode([SamplePart("x")], boundary: "b") {
            for chunk in [ByteBuffer(), ByteBuffer(bytes: [byte]), ByteBuffer()] {
                parser.feed(chunk)
                while let event = try parser.next() { events.append(event) }
            }
        }
        try parser.end()
        #expect(events.count == 4)
        #expect(try parser.next() == nil)
    }

    /// Every length of content against every offset of the delimiter in a block of 16, in one piece.
    @Test func everyAlignment() throws {
        for boundary in ["b", "abcdefghijk", String(repeating: "-", count: 70)] {
            for length in 0..<100 {
                let parts = [
                    SamplePart(bytes: Array(repeating: 0x0D, count: length)),
                    SamplePart(bytes: [0x78] + Array(repeating: 0x2D, count: length)),
                ]
                let found = try MultipartVerifier.records(
                    SamplePart.encode(parts, boundary: boundary), boundary: boundary, chunking: .every(.max))
                #expect(try found == parts.flatMap { try $0.expected() } + [.finished])
            }
        }
    }

    /// Content made of pieces of the delimiter, against what was put in.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func randomBodies(_ seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let boundary = ["b", "--", "xYz", "----WebKitFormBoundary7MA4YWxkTrZu0gW", String(repeating: "ab", count: 35)][Int(seed % 5)]
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var parts: [SamplePart] = []
        while parts.count < Int(seed % 7) + 1 {
            var content: [UInt8] = []
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                switch Int.random(in: 0...3, using: &generator) {
                case 0: content += delimiter.prefix(Int.random(in: 0..<delimiter.count, using: &generator))
                case 1: content += delimiter.suffix(Int.random(in: 0..<delimiter.count, using: &generator))
                case 2: content += (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                default:
                    content += Array(
                        repeating: delimiter.randomElement(using: &generator) ?? 0, count: Int.random(in: 0...20, using: &generator))
                }
            }
            // What a sender must not send as content: a boundary at the start of a line.
            if holds(Array("\r\n".utf8) + content, delimiter) { continue }
            parts.append(SamplePart(bytes: content, filename: Bool.random(using: &generator) ? "f" : nil))
        }
        let found = try MultipartVerifier.verified(SamplePart.encode(parts, boundary: boundary), boundary: boundary)
        #expect(try found == parts.flatMap { try $0.expected() } + [.finished])
    }

    private func holds(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        text.indices.contains { text[$0...].starts(with: pattern) }
    }
}
