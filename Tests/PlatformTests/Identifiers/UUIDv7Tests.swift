import Foundation
import Platform
import Testing

struct UUIDv7Tests {
    @Test("The example of RFC 9562 is read and printed") func example() throws {
        let id = try #require(UUIDv7("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"))
        #expect(id.milliseconds == 1_645_557_742_000)
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test("New identifiers have the canonical form, version 7 and the RFC variant") func form() throws {
        for _ in 0..<1000 {
            let text = UUIDv7().description
            #expect(text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil, "\(text)")
            #expect(UUIDv7(text)?.description == text)
        }
    }

    @Test(
        "H50 Only the canonical form of a version 7 identifier is accepted",
        arguments: [
            "", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2 79b0 7cc3 98c4 dc0c0c07398f", "../../../../../../../../../../etc/passwd",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398\0", "０17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4dc0c0c07398f-",
        ]) func refusal(text: String)
    {
        #expect(UUIDv7(text) == nil)
    }

    @Test("Later identifiers sort later, as values and as text") func order() {
        let ids = (0..<1000).map { UUIDv7(milliseconds: 1_700_000_000_000 + $0) }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
        #expect(ids.map(\.milliseconds) == (0..<1000).map { 1_700_000_000_000 + $0 })
    }

    @Test("A new identifier carries the present") func present() {
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 1
        let id = UUIDv7()
        #expect((before...Int64(Date().timeIntervalSince1970 * 1000) + 1).contains(id.milliseconds))
    }

    @Test("A hundred thousand identifiers of one millisecond differ") func uniqueness() {
        #expect(Set((0..<100_000).map { _ in UUIDv7(milliseconds: 1) }).count == 100_000)
    }

    @Test("JSON holds the text, and refuses another version") func json() throws {
        let id = UUIDv7()
        let data = try JSONEncoder().encode([id])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(id)\"]")
        #expect(try JSONDecoder().decode([UUIDv7].self, from: data) == [id])
        let other = Data(#"["017f22e2-79b0-4cc3-98c4-dc0c0c07398f"]"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([UUIDv7].self, from: other) }
    }
}
