package import Cryptography
package import HTTPTypes

/// What a client calls a request that it may send again (draft-ietf-httpapi-idempotency-key-header).
///
/// A quoted string; many clients leave the quotes out, and mean the same.
package struct IdempotencyKey: Hashable, Sendable {
    private static let maximumLength = 255

    /// SHA-256 of the key, which nothing else of it is needed for.
    package let digest: SHA256Digest

    /// - Returns: nil where there is no such field.
    package init?(_ fields: HTTPFields) throws(RequestSyntaxError) {
        let values = fields[values: .idempotencyKey]
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw RequestSyntaxError(.duplicateParameter) }
        guard let key = Self.content(of: Array(value.utf8)), (1...Self.maximumLength).contains(key.count) else {
            throw RequestSyntaxError(.malformedKey)
        }
        digest = SHA256Hasher.digest(of: key)
    }

    private static func content(of field: [UInt8]) -> [UInt8]? {
        guard field.first == .quote else { return field.allSatisfy(isPlain) ? field : nil }
        guard field.count >= 2, field.last == .quote else { return nil }
        var content: [UInt8] = []
        var isEscaped = false
        for byte in field.dropFirst().dropLast() {
            guard byte >= 0x20, byte < 0x7F else { return nil }
            if isEscaped {
                guard byte == .quote || byte == .backslash else { return nil }
            } else if byte == .backslash {
                isEscaped = true
                continue
            } else if byte == .quote {
                return nil
            }
            isEscaped = false
            content.append(byte)
        }
        return isEscaped ? nil : content
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && ![.quote, .backslash, .comma, .semicolon].contains(byte)
    }
}

extension HTTPField.Name {
    package static let idempotencyKey = Self("Idempotency-Key")!
    package static let idempotencyReplayed = Self("Idempotency-Replayed")!
}
