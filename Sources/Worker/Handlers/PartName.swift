import Curl
import Platform

/// The name under which an upload is written before it is renamed to its key: `<key>.<epoch>.part`.
///
/// The epoch is the fencing token of the job's lease, so two runs of one job never write to the same object. The ending is the one
/// by which whatever else looks into the directory knows that a file is not finished.
package enum PartName {
    private static let ending = ".part"

    package static func of(_ key: String, epoch: Int64) -> String {
        "\(key).\(epoch)\(ending)"
    }

    /// Whether an object's name, without its directory, is that of one of our uploads that has not been renamed, or of an object
    /// that was in the way of one. The directory may hold what others have put there.
    package static func matches(_ name: String) -> Bool {
        guard let key = key(ofPart: name[...]) ?? keyOfAside(name), UUIDv7(String(key.prefix(36))) != nil else { return false }
        let suffix = key.dropFirst(36)
        return suffix.isEmpty || (suffix.first == "." && suffix.dropFirst().utf8.allSatisfy(isSmallLetterOrDigit))
    }

    /// The name of the key in whose way an object was that `matches` and has been moved aside; nil for any other.
    package static func keyOfAside(_ name: String) -> String? {
        guard name.hasSuffix(FTPClient.asideSuffix) else { return nil }
        return key(ofPart: name.dropLast(FTPClient.asideSuffix.count))
    }

    private static func key(ofPart name: Substring) -> String? {
        guard name.hasSuffix(ending) else { return nil }
        let rest = name.dropLast(ending.count)
        guard let dot = rest.lastIndex(of: ".") else { return nil }
        let epoch = rest[dot...].dropFirst()
        return !epoch.isEmpty && epoch.utf8.allSatisfy(isDigit) ? String(rest[..<dot]) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isSmallLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7A).contains(byte) }
}
