package import Cryptography
package import HTTPTypes

/// What a client says the digest of its body is: Content-Digest and Repr-Digest (RFC 9530), Content-MD5 (RFC 1864).
///
/// Both fields of RFC 9530 speak of the same bytes where a body is all of a file, since no encoded body is taken. Algorithms that are
/// not ours are left out where one of ours is there for the same bytes.
package struct DigestFields: Hashable, Sendable {
    /// All members of one field together may have this many bytes.
    package static let maximumLength = 4096
    private static let maximumMembers = 8

    package struct Member: Hashable, Sendable {
        /// The name of the field, as it is written.
        package let field: String
        package let algorithm: DigestAlgorithm
        package let digest: [UInt8]
    }

    /// No algorithm twice, or once for each field where they speak of different bytes.
    package private(set) var members: [Member] = []
    /// Something was sent to be verified that cannot be: other algorithms only for some bytes, or a digest that is to follow the body.
    package private(set) var isUnsupported = false

    private let isBodyWhole: Bool

    /// - Parameter isBodyWhole: whether the body is the whole of what Repr-Digest speaks of.
    package init(_ fields: HTTPFields, isBodyWhole: Bool = true) throws(RequestSyntaxError) {
        self.isBodyWhole = isBodyWhole
        var others: Set<String> = []
        for name in [HTTPField.Name.contentDigest, .reprDigest] {
            guard let value = Self.value(of: name, in: fields) else { continue }
            try read(value, of: name.rawName) { others.insert(name.rawName) }
        }
        if let value = Self.value(of: .contentMD5, in: fields) {
            guard let digest = Base64.decode(Array(value.utf8)) else { throw RequestSyntaxError(.malformedDigest) }
            try add(Member(field: HTTPField.Name.contentMD5.rawName, algorithm: .md5, digest: digest), of: 16)
        }
        isUnsupported = Self.follows(fields) || others.contains { other in !members.contains { coversSame($0.field, other) } }
    }

    /// The value of a field of an answer.
    package static func value(_ digest: SHA256Digest) -> String {
        "sha-256=:\(Base64.encode(digest.bytes)):"
    }

    /// Reads a dictionary of byte sequences (RFC 8941, section 3.2); no member has parameters.
    private mutating func read(_ value: String, of field: String, onOther: () -> Void) throws(RequestSyntaxError) {
        guard value.utf8.count <= Self.maximumLength else { throw RequestSyntaxError(.fieldTooLong) }
        var scanner = FieldScanner(Array(value.utf8))
        var count = 0
        repeat {
            scanner.skipWhitespace()
            guard let name = scanner.token(), name.allSatisfy({ $0.lowercasedASCII == $0 }), scanner.skip(.equals),
                let digest = scanner.byteSequence()
            else { throw RequestSyntaxError(.malformedDigest) }
            count += 1
            guard count <= Self.maximumMembers else { throw RequestSyntaxError(.tooManyParameters) }
            switch String(decoding: name, as: UTF8.self) {
            case "sha-256": try add(Member(field: field, algorithm: .sha256, digest: digest), of: 32)
            case "sha-512": try add(Member(field: field, algorithm: .sha512, digest: digest), of: 64)
            default: onOther()
            }
            scanner.skipWhitespace()
        } while scanner.skip(.comma)
        guard scanner.isAtEnd else { throw RequestSyntaxError(.malformedDigest) }
    }

    private mutating func add(_ member: Member, of length: Int) throws(RequestSyntaxError) {
        guard member.digest.count == length else { throw RequestSyntaxError(.malformedDigest) }
        let same = members.first { $0.algorithm == member.algorithm && coversSame($0.field, member.field) }
        guard let same else { return members.append(member) }
        // Which of them is meant nobody can tell.
        guard same.digest == member.digest else { throw RequestSyntaxError(.duplicateParameter) }
    }

    /// Whether two fields speak of the same bytes.
    private func coversSame(_ field: String, _ other: String) -> Bool {
        let file = HTTPField.Name.reprDigest.rawName
        return isBodyWhole || (field == file) == (other == file)
    }

    private static func value(of name: HTTPField.Name, in fields: HTTPFields) -> String? {
        let values = fields[values: name]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Whether a digest is announced that comes behind the body, where it is not read.
    private static func follows(_ fields: HTTPFields) -> Bool {
        let names = fields[values: .trailer].flatMap { $0.split { $0 == "," || $0 == " " || $0 == "\t" } }
        return names.contains { name in
            [HTTPField.Name.contentDigest, .reprDigest, .contentMD5].contains { $0.canonicalName == name.lowercased() }
        }
    }
}

extension FieldScanner {
    /// The byte sequence that comes next (RFC 8941, section 3.3.5); nil if there is none.
    fileprivate mutating func byteSequence() -> [UInt8]? {
        guard skip(.colon) else { return nil }
        let text = take { $0 != .colon }
        return skip(.colon) ? Base64.decode(text) : nil
    }
}

extension HTTPField.Name {
    package static let contentDigest = Self("Content-Digest")!
    package static let reprDigest = Self("Repr-Digest")!
    package static let contentMD5 = Self("Content-MD5")!
    package static let wantReprDigest = Self("Want-Repr-Digest")!
    package static let wantContentDigest = Self("Want-Content-Digest")!
}
