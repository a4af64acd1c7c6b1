import Client
import Foundation
import Testing

@Suite("Lines of data")
struct ListingTests {
    private static let hostile = "\u{1B}[31m\u{9B}2J\u{7F}\ta\nb\u{2028}\u{202E}c\"<\\"

    private func file(_ name: String) -> RemoteFile {
        RemoteFile(
            id: "1", name: name, size: 2, contentType: "a/b", sha256: "ff", state: "staged", createdAt: "now", storedAt: nil, failure: nil)
    }

    @Test("H30 H38 a hostile name stays on its line and does nothing there")
    func plain() {
        let line = Listing.line(file(Self.hostile))
        #expect(line == "1\tstaged\t2\tff\t\\u{1b}[31m\\u{9b}2J\\u{7f}\\ta\\nb\\u{2028}\\u{202e}c\"<\\")
        #expect(Listing.line(PutReceipt(id: "1", name: "a\nb", size: 0, sha256: "")) == "1\ta\\nb")
    }

    @Test("H30 H38 JSON holds the name as it is, in one line of printable characters")
    func json() throws {
        for text in [
            Listing.json(file(Self.hostile)), Listing.json(PutReceipt(id: "1", name: Self.hostile, size: 0, sha256: ""), path: "p"),
            Listing.json(.local(Self.hostile), of: ("name", Self.hostile)),
        ] {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(object["name"] as? String == Self.hostile)
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) && $0.value != 0x202E })
        }
    }

    @Test("a failure says what kind it is, and what the server said")
    func failure() throws {
        let problem = Problem(status: 413, type: "/problems/file-too-large", title: "Too large", detail: "at most 5")
        #expect(
            Listing.json(.refused(problem), of: ("path", "a"))
                == #"{"path":"a","error":{"kind":"refused","message":"413 Too large: at most 5","type":"/problems/file-too-large","status":413}}"#
        )
        let scope = Problem(status: 403, type: "/problems/insufficient-scope", title: "Not for this")
        let token = Listing.json(.tokenRefused(scope), of: ("id", "1"))
        #expect(token.hasSuffix(#","type":"/problems/insufficient-scope","status":403}}"#))
        #expect(token.hasPrefix(#"{"id":"1","error":{"kind":"token-refused","message":"#))
        #expect(!Listing.json(.local("a"), of: ("id", "1")).contains("status"))
    }
}
