import Cryptography
import HTTPTypes
import Testing
import Web

@Suite("Digest fields")
struct DigestFieldsTests {
    private static let sha256 = "sha-256=:\(Base64.encode([UInt8](repeating: 1, count: 32))):"
    private static let sha512 = "sha-512=:\(Base64.encode([UInt8](repeating: 2, count: 64))):"
    private static let md5 = Base64.encode([UInt8](repeating: 3, count: 16))

    private func fields(_ values: [(String, String)]) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in values { fields.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        return fields
    }

    private func read(_ values: (String, String)...) throws -> DigestFields { try DigestFields(fields(values)) }

    @Test("members of all fields are read, the same one twice counts once, others are left out")
    func members() throws {
        let fields = try read(
            ("Content-Digest", "\(Self.sha256) , \(Self.sha512), unixsum=:AAAA:"), ("Repr-Digest", Self.sha256), ("Content-MD5", Self.md5))
        #expect(fields.members.map(\.algorithm) == [.sha256, .sha512, .md5])
        #expect(fields.members.map(\.field) == ["Content-Digest", "Content-Digest", "Content-MD5"])
        #expect(fields.members.map(\.digest.count) == [32, 64, 16] && !fields.isUnsupported)
        #expect(try read(("Content-Digest", Self.sha256), ("Content-Digest", Self.sha512)).members.count == 2)
        #expect(try read().members.isEmpty)
    }

    @Test("what cannot be verified is told apart from what is not sent")
    func unsupported() throws {
        #expect(try read(("Repr-Digest", "md5=:AAAA:")).isUnsupported)
        #expect(try !read(("Repr-Digest", "md5=:AAAA:"), ("Content-Digest", Self.sha256)).isUnsupported)
        for trailer in ["Content-Digest", "x, repr-digest", "CONTENT-MD5 , x"] { #expect(try read(("Trailer", trailer)).isUnsupported) }
        #expect(try !read(("Trailer", "x-digest")).isUnsupported)
        #expect(try !read().isUnsupported)
    }

    @Test(
        "H54 where the body is not the whole file, what cannot be verified of one is not made good by a digest of the other",
        arguments: [
            ([("Repr-Digest", "md5=:AAAA:"), ("Content-Digest", sha256)], true),
            ([("Repr-Digest", sha256), ("Content-Digest", "md5=:AAAA:")], true),
            ([("Repr-Digest", sha256), ("Content-Digest", "md5=:AAAA:, \(sha256)")], false),
            ([("Content-Digest", "unixsum=:AAAA:"), ("Content-MD5", md5)], false),
        ] as [([(String, String)], Bool)])
    func unsupportedPiece(values: [(String, String)], isUnsupported: Bool) throws {
        let (piece, whole) = (try DigestFields(fields(values), isBodyWhole: false), try DigestFields(fields(values)))
        #expect(piece.isUnsupported == isUnsupported && !whole.isUnsupported)
    }

    @Test(
        "H54 H15 malformed digests are refused",
        arguments: [
            ("Content-Digest", ""), ("Content-Digest", "sha-256"), ("Content-Digest", "sha-256="), ("Content-Digest", "sha-256=::"),
            ("Content-Digest", "sha-256=:AAAA:"), ("Content-Digest", "\(sha256),"), ("Content-Digest", "\(sha256) \(sha512)"),
            ("Content-Digest", "\(sha256);a=1"), ("Repr-Digest", "SHA-256=:AAAA:"), ("Repr-Digest", "sha-256=\"AAAA\""),
            ("Repr-Digest", "sha-256=:\(String(repeating: "\\\"", count: 1000)):"),
            ("Repr-Digest", "sha-256=:\(String(repeating: "A", count: 42))==:"),
            ("Repr-Digest", String(sha256.dropLast(2)) + ":"), ("Content-MD5", "AAAA"), ("Content-MD5", md5 + ", " + md5),
            ("Content-MD5", String(md5.dropLast())), ("Content-Digest", String(repeating: "a=:AAAA:,", count: 9) + "b=:AAAA:"),
        ])
    func malformed(name: String, value: String) {
        #expect(throws: RequestSyntaxError.self) { try DigestFields(fields([(name, value)])) }
    }

    @Test("H54 two digests of one algorithm that differ")
    func contradiction() {
        let other = "sha-256=:\(Base64.encode([UInt8](repeating: 9, count: 32))):"
        #expect(throws: RequestSyntaxError(.duplicateParameter)) { try read(("Content-Digest", Self.sha256), ("Repr-Digest", other)) }
        #expect(throws: RequestSyntaxError(.duplicateParameter)) { try read(("Content-Digest", "\(Self.sha256), \(other)")) }
    }

    @Test("H15 a field of a megabyte is refused unread")
    func long() {
        let value = String(repeating: "x=:\\\":, ", count: 125_000)
        #expect(throws: RequestSyntaxError(.fieldTooLong)) { try read(("Repr-Digest", value)) }
    }
}
