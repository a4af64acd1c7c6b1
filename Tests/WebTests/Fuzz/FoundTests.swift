import Foundation
import Testing

@Suite("Inputs of fuzzing")
struct FoundTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Fuzz")
        .standardized

    @Test("H10 H19 H27 H64 what fuzzing begins with, and what it has found", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let corpus = try inputs("corpus", target)
        #expect(!corpus.isEmpty)
        for file in try corpus + inputs("found", target) {
            let input = try Array(Data(contentsOf: file))
            do { try target.check(input) } catch { Issue.record("\(target) \(file.lastPathComponent): \(error)") }
        }
    }

    @Test("a check that fails is told")
    func told() {
        #expect(throws: FuzzFinding.self) { try FuzzFinding.unless(1 + 1 == 3, "arithmetic") }
    }

    private func inputs(_ kind: String, _ target: FuzzTarget) throws -> [URL] {
        let folder = Self.folder.appendingPathComponent("\(kind)/\(target.rawValue)")
        // Where nothing was found there is no folder.
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }
}
