public import Cryptography
public import FoundationEssentials
public import Platform

/// The identifier of a file. Its time is the moment at which all bytes had been received.
public typealias FileID = UUIDv7

/// Where a file is in its life. The raw values are those of the database.
public enum FileState: String, Sendable, CaseIterable {
    /// The bytes are safe in the staging area; the transfer is to come.
    case staged
    /// The bytes are on the FTP server.
    case stored
    /// The transfer was given up; the bytes are still in the staging area.
    case failed
    /// The owner has deleted the file; what is left of it is being removed. Invisible to everyone.
    case deleting
}

/// What is known about one file.
public struct FileRecord: Sendable, Hashable, Identifiable {
    public let id: FileID
    public let owner: UserID
    /// As the owner sees it, cleaned by `FileName`. Never part of a path or a command.
    public let name: String
    /// In bytes.
    public let size: Int64
    public let contentType: String
    public let sha256: SHA256Digest
    public let state: FileState
    /// The path below the FTP root: `<user>/<yyyy>/<mm>/<id>.<ext>`, safe ASCII only.
    public let key: String
    /// The id of the staging area that received it.
    public let area: String
    /// Where the bytes are in the area, until the file is stored.
    public package(set) var place: StagedPlace
    public let storedAt: Date?
    /// Why the transfer was given up, for people.
    public let failure: String?

    /// When the file had been received, to the millisecond.
    public var createdAt: Date { Date(timeIntervalSince1970: Double(id.milliseconds) / 1000) }

    /// - Parameter place: nil for a file of its own.
    public init(
        id: FileID, owner: UserID, name: String, size: Int64, contentType: String, sha256: SHA256Digest, state: FileState, key: String,
        area: String, place: StagedPlace? = nil, storedAt: Date? = nil, failure: String? = nil
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.size = size
        self.contentType = contentType
        self.sha256 = sha256
        self.state = state
        self.key = key
        self.area = area
        self.place = place ?? StagedPlace(container: id, offset: 0)
        self.storedAt = storedAt
        self.failure = failure
    }
}

extension FileRecord: CustomStringConvertible {
    /// Safe to log: without the name.
    public var description: String { "file \(id) of user \(owner), \(state.rawValue), \(size) bytes" }
}
