package import Cryptography
import FoundationEssentials

/// What is known of one large file that is under way, so that another run of the client goes on with it.
package final class UploadJournal: Sendable {
    /// Longer than the server keeps an unfinished upload, which then says so itself.
    static let lifetime: Duration = .seconds(7 * 86_400)

    package struct Entry: Codable, Sendable, Hashable {
        /// Sent with the creation: when its answer is lost, the same upload is created again.
        package var key: String
        /// Path of the upload at the server, once it is created.
        package var upload: String?

        package init(key: String, upload: String?) {
            self.key = key
            self.upload = upload
        }

        package static func fresh() -> Entry { Entry(key: RandomBytes.token(), upload: nil) }
    }

    private let file: LockedFile

    /// - Parameters:
    ///   - identity: of the file's content and of the server, as `LocalFile.identity` says.
    /// - Returns: nil when another process is sending this file.
    package static func open(_ identity: SHA256Digest, in folder: String) throws(ClientFailure) -> UploadJournal? {
        try LockedFile.open(identity.description, in: folder + "/uploads").map(UploadJournal.init)
    }

    private init(file: LockedFile) {
        self.file = file
    }

    /// What an earlier run left; a new entry, already written, where there is none of use.
    package func entry() throws(ClientFailure) -> Entry {
        if file.age < Self.lifetime, let entry = try? JSONDecoder().decode(Entry.self, from: Data(try file.contents().utf8)) {
            return entry
        }
        let entry = Entry.fresh()
        try write(entry)
        return entry
    }

    package func write(_ entry: Entry) throws(ClientFailure) {
        guard let text = try? JSONEncoder().encode(entry) else { throw .local("an entry that is no text") }
        try file.replace(with: String(decoding: text, as: UTF8.self) + "\n")
    }

    /// Removes what is of no use any more.
    package static func sweep(_ folder: String) {
        LockedFile.sweep(folder + "/uploads", olderThan: lifetime)
    }

    package func remove() {
        file.remove()
    }
}
