import Platform
import Testing
import Worker

@Suite("Part names")
struct PartNameTests {
    private static let id = "01932b6c-1000-7000-8000-0123456789ab"

    @Test("the name of an upload is its key and its epoch")
    func make() {
        #expect(PartName.of("7/2026/01/\(Self.id).pdf", epoch: 1_732_310_000_123_456) == "7/2026/01/\(Self.id).pdf.1732310000123456.part")
    }

    @Test(
        "unfinished uploads are recognised",
        arguments: ["\(id).1.part", "\(id).pdf.1732310000123456.part", "\(id).7z.0.part", "\(id).1.part.old"])
    func parts(name: String) {
        #expect(PartName.matches(name))
    }

    @Test(
        "stored objects, and whatever others have put there, are not",
        arguments: [
            id, "\(id).pdf", "\(id).part", "\(id)..part", "\(id).pdf.part", "\(id).1a.part", "\(id).-1.part", "\(id).1.part.pdf",
            "\(id).1.part.2.part", "\(id) .1.part", "\(id).PDF.1.part", "\(id)x.1.part", "notes.1.part", ".1.part", "", "\(id).p f.1.part",
            "\(id).١.part", "\(id)..part.old", "\(id).old", "\(id).1.part.old.old", "\(id)1.part", "\(id).1part", "\(id).pdf.part.old",
        ])
    func others(name: String) {
        #expect(!PartName.matches(name))
    }

    @Test("the key in whose way an object was is known from the name to which that was moved")
    func aside() {
        #expect(PartName.keyOfAside("\(Self.id).pdf.41.part.old") == "\(Self.id).pdf")
        #expect(PartName.keyOfAside("\(Self.id).pdf.41.part") == nil)
        #expect(PartName.keyOfAside("\(Self.id).old") == nil)
    }
}
