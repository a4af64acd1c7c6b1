import NIOCore
import Testing
import Web

/// Bodies made to hurt.
struct MultipartHostileTests {
    private let head = "Content-Disposition: form-data; name=a; filename=f\r\n\r\n"

    @Test("H5 more parts than allowed")
    func manyParts() throws {
        let parts = Array(repeating: SamplePart("", filename: nil), count: 1001)
        let allowed = try MultipartVerifier.records(
            SamplePart.encode(Array(parts.dropLast()), boundary: "b"), boundary: "b", chunking: .every(4096))
        #expect(allowed.count == 2001)
        #expect(allowed.last == .finished)
        let refused = try MultipartVerifier.verified(SamplePart.encode(parts, boundary: "b"), boundary: "b")
        #expect(refused.count == 2000)
        #expect(refused.last == .refused(.tooManyParts))
        #expect(MultipartError(.tooManyParts).status == 413)
    }

    @Test("H6 fields that never end, byte by byte")
    func dripFedHeaders() throws {
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        parser.feed(ByteBuffer(string: "--b\r\n"))
        #expect(try parser.next() == nil)
        var fed = 0
        #expect(throws: MultipartError(.headersTooLarge)) {
            while fed < 1_000_000 {
                parser.feed(ByteBuffer(string: "y"))
                fed += 1
                _ = try parser.next()
            }
        }
        #expect(fed == 8193)
    }

    @Test("H7 preamble of more than 1 KiB", arguments: ["x", "\r", "\r\n", "--", "\r\n--", "\r\n--boundar", "\r\n--boundarx"])
    func preamble(_ piece: String) throws {
        let pieces = String(repeating: piece, count: 1024 / piece.utf8.count)
        let filled = pieces + String(repeating: "x", count: 1024 - pieces.utf8.count)
        let rest = "\r\n--boundary--"
        #expect(try MultipartVerifier.verified(filled + rest, boundary: "boundary") == [.finished])
        #expect(try MultipartVerifier.verified(filled + "x" + rest, boundary: "boundary") == [.refused(.preambleTooLong)])
        let endless = Array(String(repeating: piece, count: 100_000).utf8)
        #expect(try MultipartVerifier.records(endless, boundary: "boundary", chunking: .every(4096)) == [.refused(.preambleTooLong)])
        #expect(MultipartError(.preambleTooLong).status == 400)
    }

    @Test("H9 text fields of more than 64 KiB together")
    func largeFields() throws {
        let half = SamplePart(bytes: Array(repeating: 0x78, count: 32768), filename: nil)
        let file = SamplePart(bytes: Array(repeating: 0x78, count: 100_000))
        let allowed = [half, file, half]
        #expect(
            try MultipartVerifier.verified(SamplePart.encode(allowed, boundary: "b"), boundary: "b")
                == allowed.flatMap { try $0.expected() } + [.finished])
        let refused = try MultipartVerifier.verified(
            SamplePart.encode(allowed + [SamplePart("x", filename: nil)], boundary: "b"), boundary: "b")
        #expect(refused.last == .refused(.fieldsTooLarge))
        #expect(!refused.contains(.finished))
        #expect(MultipartError(.fieldsTooLarge).status == 413)
    }

    @Test("H9 an endless text field is not collected")
    func endlessField() throws {
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        parser.feed(ByteBuffer(string: "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"))
        var passed = 0
        #expect(throws: MultipartError(.fieldsTooLarge)) {
            while passed < 1 << 30 {
                while let event = try parser.next() {
                    if case .body(let bytes) = event { passed += bytes.readableBytes }
                }
                parser.feed(ByteBuffer(repeating: 0x78, count: 1024))
            }
        }
        #expect(passed == 65536)
    }

    @Test(
        "H10 files of line ends, of begun boundaries and of hyphens",
        arguments: ["\r", "\n", "\r\n", "\r\n--boundar", "\r\n--", "-", "\r\n--boundarx"])
    func repetitive(_ piece: String) throws {
        let content = Array(String(repeating: piece, count: 60_000 / piece.utf8.count).utf8)
        let part = SamplePart(bytes: content)
        let found = try MultipartVerifier.verified(SamplePart.encode([part], boundary: "boundary"), boundary: "boundary")
        #expect(try found == part.expected() + [.finished])
    }

    @Test("H11 cut anywhere, a body is refused as truncated and never finished")
    func truncation() throws {
        let parts = [SamplePart("one\r\n--bo", contentType: "text/plain"), SamplePart("", filename: nil), SamplePart("two\r\n")]
        let body = SamplePart.encode(parts, boundary: "bound", preamble: "pre\r\n", epilogue: "")
        #expect(try MultipartVerifier.records(body, boundary: "bound", chunking: .every(.max)).last == .finished)
        for length in body.indices {
            for chunking in [Chunking.every(.max), .every(1), .random(seed: UInt64(length))] {
                let records = try MultipartVerifier.records(Array(body[..<length]), boundary: "bound", chunking: chunking)
                #expect(records.last == .refused(.truncated), "\(length) bytes, \(chunking)")
                #expect(!records.contains(.finished))
                let (began, ended) = (records.count { if case .began = $0 { true } else { false } }, records.count { $0 == .ended })
                #expect(began - ended == 0 || began - ended == 1)
            }
        }
        #expect(MultipartError(.truncated).status == 400)
    }

    @Test("H11 a part is not ended before its boundary is complete")
    func halfDelimiter() throws {
        for tail in ["\r\n--b", "\r\n--b-", "\r\n--b\r", "\r\n--b  "] {
            let records = try MultipartVerifier.verified("--b\r\n\(head)x\(tail)")
            #expect(records.contains(.ended) == false)
            #expect(records.last == .refused(.truncated))
        }
    }

    @Test("H19 empty file name, boundary one byte short or long")
    func nearlyTheBoundary() throws {
        let start = "--bound\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\n"
        #expect(try MultipartVerifier.verified(start + "\r\n--boun--\r\n", boundary: "bound").last == .refused(.truncated))
        #expect(try MultipartVerifier.verified(start + "\r\n--boun\r\n", boundary: "bound").last == .refused(.truncated))
        #expect(try MultipartVerifier.verified(start + "\r\n--bounds--\r\n", boundary: "bound").last == .refused(.malformedDelimiter))
        #expect(try MultipartVerifier.verified(start + "--boun--", boundary: "bound").last == .refused(.truncated))
    }

    @Test(
        "H19 something else behind a boundary",
        arguments: ["x", "\n", "-", "-x", "-\r\n", "\rx", "\r\r\n", " x", " -", "\t--", "\0", " --"])
    func malformedDelimiter(_ tail: String) throws {
        // A lone hyphen is followed by a byte, so that this is no truncation.
        #expect(try MultipartVerifier.verified("--b\(tail)y") == [.refused(.malformedDelimiter)])
        let records = try MultipartVerifier.verified("--b\r\n\(head)x\r\n--b\(tail)y")
        #expect(records.last == .refused(.malformedDelimiter))
        #expect(!records.contains(.ended))
    }

    @Test("H19 endless blanks behind a boundary")
    func padding() throws {
        let blanks = String(repeating: " ", count: 64)
        #expect(try MultipartVerifier.verified("--b\(blanks)\r\n\(head)x\r\n--b--").last == .finished)
        #expect(try MultipartVerifier.verified("--b\(blanks) \r\n") == [.refused(.malformedDelimiter)])
    }

    @Test("H12 what follows the last boundary is dropped, however much")
    func endlessEpilogue() throws {
        var parser = try MultipartParser(boundary: MultipartBoundary("b"))
        parser.feed(ByteBuffer(string: "--b--"))
        #expect(try parser.next() == .finished)
        let junk = ByteBuffer(string: "\r\n--b\r\nbad\r\n\r\n")
        for _ in 0..<1000 {
            parser.feed(junk)
            #expect(try parser.next() == nil)
        }
        try parser.end()
    }

    @Test func emptyBody() throws {
        #expect(try MultipartVerifier.verified("") == [.refused(.truncated)])
        #expect(try MultipartVerifier.verified("\r\n") == [.refused(.truncated)])
        #expect(try MultipartVerifier.verified("{\"a\":1}") == [.refused(.truncated)])
    }

    /// Good bodies with bytes changed, dropped and doubled: no trap, and the same answer however they are cut.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func mutations(_ seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let parts = [
            SamplePart("hello\r\n--bounx", contentType: "text/plain; charset=\"utf-8\""), SamplePart("v", filename: nil), SamplePart(""),
        ]
        let body = SamplePart.encode(parts, boundary: "bound")
        let bytes: [UInt8] = [0x0D, 0x0A, 0x2D, 0x22, 0x5C, 0x3A, 0x3B, 0x20, 0x00, 0xFF, 0x62]
        for _ in 0..<12 {
            var changed = body
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0...3, using: &generator) {
                case 0: changed[position] = bytes.randomElement(using: &generator) ?? 0
                case 1: changed.remove(at: position)
                case 2: changed.insert(bytes.randomElement(using: &generator) ?? 0, at: position)
                default: changed.insert(contentsOf: changed[position..<min(position + 20, changed.count)], at: position)
                }
            }
            let records = try MultipartVerifier.verified(changed, boundary: "bound")
            let isRefused = if case .refused = records.last { true } else { false }
            #expect((records.last == .finished) != isRefused)
            #expect(records.count { $0 == .finished } <= 1)
        }
    }

    /// Nothing but delimiter pieces and noise.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func noise(_ seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let pieces = [
            "\r", "\n", "\r\n", "-", "--", "--b", "\r\n--b", "\r\n--b--", "--b\r\n", head, "a: b\r\n", "\r\n\r\n", "x", "\0", "\u{FFFD}",
        ]
        for _ in 0..<20 {
            var body = "--b\r\n"
            for _ in 0..<Int.random(in: 0...40, using: &generator) { body += pieces.randomElement(using: &generator) ?? "" }
            _ = try MultipartVerifier.verified(body)
        }
    }

    @Test("H38 errors say nothing that the peer sent")
    func descriptions() throws {
        for code in MultipartError.Code.allCases {
            let error = MultipartError(code)
            #expect(error.description == code.rawValue)
            #expect([400, 413, 415, 431].contains(error.status))
            #expect(!error.message.isEmpty)
        }
        var caught: MultipartError?
        do throws(MultipartError) {
            _ = try MultipartBoundary(contentType: "multipart/form-data; secret=\"\u{1B}[2J")
        } catch {
            caught = error
        }
        #expect(caught?.description == "malformedContentType: controlCharacter")
    }
}
