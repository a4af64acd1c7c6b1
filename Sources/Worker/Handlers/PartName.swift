import Curl
import Platform

/// The name under which an upload is written before it is renamed to its key: `<key>.part-<epoch>`.
///
/// The epoch is the fencing token of the job's lease, so two runs of one job never write to the same object.
package enum PartName {
    private static let separator = ".part-"

    package static func of(_ key: String, epoch: Int64) -> String {
        key + separator + String(epoch)
    }

    /// Whether an object's name, without its directory, is that of one of our uploads that has not been renamed, or of an object
    /// that was in the way of one. The directory may hold what others have put there.
    package static func matches(_ name: String) -> Bool {
        guard UUIDv7(String(name.prefix(36))) != nil else { return false }
        let rest = name.dropFirst(36)
        guard let cut = rest.firstRange(of: separator) else { return false }
        let suffix = rest[..<cut.lowerBound]
        let isKey = suffix.isEmpty || (suffix.first == "." && suffix.dropFirst().utf8.allSatisfy(isSmallLetterOrDigit))
        var epoch = rest[cut.upperBound...]
        if epoch.hasSuffix(FTPClient.asideSuffix) { epoch.removeLast(FTPClient.asideSuffix.count) }
        return isKey && !epoch.isEmpty && epoch.utf8.allSatisfy(isDigit)
    }

    /// The name of the key in whose way an object was that `matches` and has been moved aside; nil for any other.
    package static func keyOfAside(_ name: String) -> String? {
        guard name.hasSuffix(FTPClient.asideSuffix), let cut = name.firstRange(of: separator) else { return nil }
        return String(name[..<cut.lowerBound])
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isSmallLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7A).contains(byte) }
}
