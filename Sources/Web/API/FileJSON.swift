import Cryptography
import Files
import Foundation
import Platform

/// A file as clients see it.
enum FileJSON {
    static func write(_ file: FileRecord, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", file.id.description)
            json.member("name", file.name)
            json.member("size", file.size)
            json.member("contentType", file.contentType)
            json.member("sha256", file.sha256.description)
            json.member("state", file.state.rawValue)
            json.member("createdAt", milliseconds: milliseconds(file.createdAt))
            json.member("storedAt", milliseconds: file.storedAt.map(milliseconds))
            if let failure = file.failure { json.member("failure", failure) }
        }
    }

    private static func milliseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }
}
