import Cryptography
import HTTPTypes
import Web

/// Digests of bodies and keys of requests. An input is lines, each the letter of a field and its value.
enum RepetitionFuzzing {
    private static let names: [HTTPField.Name] = [.contentDigest, .reprDigest, .contentMD5, .idempotencyKey, .trailer]

    static func check(_ input: [UInt8]) throws {
        var fields = HTTPFields()
        for line in input.split(separator: 0x0A) {
            guard let letter = line.first, HTTPField.isValidValue(line.dropFirst()) else { continue }
            fields.append(HTTPField(name: names[Int(letter) % names.count], value: String(decoding: line.dropFirst(), as: UTF8.self)))
        }
        _ = try? IdempotencyKey(fields)
        if let digests = try? DigestFields(fields) {
            for member in digests.members {
                let length =
                    switch member.algorithm {
                    case .md5: 16
                    case .sha512: 64
                    default: 32
                    }
                try FuzzFinding.unless(member.digest.count == length, "a digest of \(member.digest.count) bytes")
            }
            let algorithms = Set(digests.members.map(\.algorithm))
            try FuzzFinding.unless(algorithms.count == digests.members.count, "an algorithm twice")
        }
        if let bytes = Base64.decode(input) {
            try FuzzFinding.unless(Base64.encode(bytes).utf8.elementsEqual(input), "two texts for the same bytes")
        }
        try FuzzFinding.unless(Base64.decode(Array(Base64.encode(input).utf8)) == input, "base64 changed bytes")
    }
}
