import Foundation

/// The name under which an upload is written before it is renamed to its key: `<key>.part-<epoch>`.
///
/// The epoch is the fencing token of the job's lease, so two runs of one job never write to the same object.
enum PartName {
    private static let separator = ".part-"

    static func of(_ key: String, epoch: Int64) -> String {
        key + separator + String(epoch)
    }

    /// Whether an object's name is that of an upload that has not been renamed.
    static func matches(_ name: String) -> Bool {
        guard let range = name.range(of: separator, options: .backwards) else { return false }
        let epoch = name[range.upperBound...]
        return !epoch.isEmpty && epoch.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
