import Accounts
import FoundationEssentials
import Testing

@Suite("Captcha pictures")
struct CaptchaImageTests {
    private static let width = CaptchaImage.width * CaptchaImage.scale
    private static let height = CaptchaImage.height * CaptchaImage.scale

    @Test("a PNG of the promised size, dark on light, small enough for a slow line")
    func format() throws {
        for seed in 0..<20 as Range<UInt64> {
            let file = try #require(CaptchaImage.png(of: .random(), seed: seed))
            let picture = try PNGReader(file)
            #expect(picture.width == Self.width && picture.height == Self.height)
            #expect((2000...12000).contains(file.count))
            let paper = try #require(picture.palette.first)
            let ink = try #require(picture.palette.last)
            #expect(paper.allSatisfy { $0 > 0xE0 } && ink.allSatisfy { $0 < 0x60 })
            #expect(picture.dark(in: 0..<Self.width) < Self.width * Self.height / 3)
        }
    }

    @Test("H83 the same text and seed give the same bytes, on any thread")
    func repeatable() async throws {
        let text = try #require(CaptchaText(typed: "CFHJK"))
        let files = await withTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<16 { group.addTask { CaptchaImage.png(of: text, seed: 7) } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(files.count == 1 && files.first != [UInt8]?.none)
    }

    @Test("every seed gives another picture, the largest and the smallest too")
    func different() throws {
        let text = try #require(CaptchaText(typed: "CFHJK"))
        let seeds: [UInt64] = Array(0..<50) + [1 << 63, .max]
        let files = try Set(seeds.map { seed in try #require(CaptchaImage.png(of: text, seed: seed)) })
        #expect(files.count == seeds.count)
    }

    @Test("each letter stands in its fifth of the picture", arguments: 0..<26 as Range<UInt64>)
    func columns(seed: UInt64) throws {
        let letters = (CaptchaText.alphabet + CaptchaText.alphabet).dropFirst(Int(seed) % CaptchaText.alphabet.count)
        let text = try #require(CaptchaText(typed: letters.prefix(CaptchaText.length)))
        let picture = try PNGReader(#require(CaptchaImage.png(of: text, seed: seed)))
        for place in 0..<CaptchaText.length {
            let columns = Self.width * place / CaptchaText.length..<Self.width * (place + 1) / CaptchaText.length
            #expect(picture.dark(in: columns) > 1600, "\(place)")
        }
    }

    @Test("every letter of the alphabet has a shape of its own")
    func shapes() throws {
        // With one seed the noise is the same: what differs between two pictures are the letters.
        let pictures = try CaptchaText.alphabet.map { letter in
            let text = try #require(CaptchaText(typed: String(repeating: letter, count: CaptchaText.length)))
            return try PNGReader(#require(CaptchaImage.png(of: text, seed: 5)))
        }
        for (index, picture) in pictures.enumerated() {
            // Lines and specks alone are less than half of that.
            #expect(picture.dark(in: 0..<Self.width) > 10_000)
            for other in pictures.dropFirst(index + 1) {
                let differences = zip(picture.pixels, other.pixels).enumerated().filter { $0.element.0 != $0.element.1 }
                let places = differences.map { $0.offset % Self.width * CaptchaText.length / Self.width }
                for place in 0..<CaptchaText.length { #expect(places.count { $0 == place } > 500) }
            }
        }
    }

    @Test("H83 thousands of pictures and sounds leave no memory behind")
    func memory() throws {
        func make(_ count: UInt64) {
            for seed in 0..<count {
                _ = CaptchaImage.png(of: .random(), seed: seed)
                if seed.isMultiple(of: 10) { _ = CaptchaAudio.wav(of: .random(), seed: seed) }
            }
        }
        make(100)
        let before = try residentMegabytes()
        make(1000)
        // One picture in gd is 70 KB: 1,000 left open would be over 70 MB.
        #expect(try residentMegabytes() - before < 60)
    }

    private func residentMegabytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096 / 1_048_576
    }
}
