import Platform
import Testing
import Worker

@Suite("Part names")
struct PartNameTests {
    private static let id = "01932b6c-1000-7000-8000-0123456789ab"

    @Test("the name of an upload is its key and its epoch")
    func make() {
        #expect(PartName.of("7/2026/01/\(Self.id).pdf", epoch: 1_732_310_000_123_456) == "7/2026/01/\(Self.id).pdf.part-1732310000123456")
    }

    @Test(
        "unfinished uploads are recognised",
        arguments: ["\(id).part-1", "\(id).pdf.part-1732310000123456", "\(id).7z.part-0", "\(id).part-1.old"])
    func parts(name: String) {
        #expect(PartName.matches(name))
    }

    @Test(
        "stored objects, and whatever others have put there, are not",
        arguments: [
            id, "\(id).pdf", "\(id).part", "\(id).part-", "\(id).pdf.part-", "\(id).part-1a", "\(id).part--1", "\(id).part-1.pdf",
            "\(id).part-1.part-2", "\(id) .part-1", "\(id).PDF.part-1", "\(id)x.part-1", "notes.part-1", ".part-1", "", "\(id).p f.part-1",
            "\(id).part-١", "\(id).part-.old", "\(id).old", "\(id).part-1.old.old",
        ])
    func others(name: String) {
        #expect(!PartName.matches(name))
    }
}
