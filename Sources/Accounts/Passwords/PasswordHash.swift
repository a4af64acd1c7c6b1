import Cryptography

/// A password as it is stored: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, salt and hash in base64url without padding.
///
/// The cost is part of it, so that a later, higher one does not invalidate what is there.
public struct PasswordHash: Sendable, Hashable {
    static let saltByteCount = 16
    static let hashByteCount = 32

    let cost: Scrypt.Cost
    let salt: [UInt8]
    let hash: [UInt8]

    init(cost: Scrypt.Cost, salt: [UInt8], hash: [UInt8]) {
        (self.cost, self.salt, self.hash) = (cost, salt, hash)
    }

    /// - Returns: nil for any other form.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]),
            let salt = Base64URL.decode(parts[3]), salt.count == Self.saltByteCount,
            let hash = Base64URL.decode(parts[4]), hash.count == Self.hashByteCount
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// What is stored.
    package var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        var values: [Int] = []
        for (field, name) in zip(fields, ["ln=", "r=", "p="]) {
            guard field.hasPrefix(name), let value = Int(field.dropFirst(name.count)) else { return nil }
            values.append(value)
        }
        return Scrypt.Cost(logN: values[0], r: values[1], p: values[2])
    }
}

extension PasswordHash: CustomStringConvertible {
    public var description: String { "[secret]" }
}
