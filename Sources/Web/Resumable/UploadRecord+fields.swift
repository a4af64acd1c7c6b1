import Cryptography
import Files
import Foundation
import HTTPTypes
import Platform

extension UploadRecord {
    var location: String { Self.location(of: id) }

    /// Relative, because behind a proxy a client may know us by another scheme or name.
    static func location(of id: UploadID) -> String { UploadConcat.path + id.description }

    /// What the answer to a request that has moved it says.
    var progress: HTTPFields {
        var fields: HTTPFields = [:]
        // While its parts are being joined there is nothing to go on at.
        if kind != .joined || state == .complete { fields[.uploadOffset] = String(offset) }
        if state != .complete || waitsForOthers {
            fields[.uploadExpires] = UploadExpiry.text(seconds: Int64(expiresAt.timeIntervalSince1970))
        }
        if let file {
            fields[.sluiceFile] = file.description
            if let digest { fields[.reprDigest] = DigestFields.value(digest) }
        }
        return fields
    }

    /// All that the client may know about it.
    var headFields: HTTPFields {
        var fields = progress
        if let length { fields[.uploadLength] = String(length) }
        if length == nil, kind != .joined { fields[.uploadDeferLength] = "1" }
        if !metadata.isEmpty { fields[.uploadMetadata] = metadata }
        switch kind {
        case .whole: break
        case .part: fields[.uploadConcat] = UploadConcat.partial.text
        case .joined: fields[.uploadConcat] = concat ?? UploadConcat.final(parts).text
        }
        return fields
    }
}

extension HTTPFields {
    /// Names the file that an upload has become.
    mutating func name(_ file: FileRecord) {
        self[.sluiceFile] = file.id.description
        self[.reprDigest] = DigestFields.value(file.sha256)
    }
}
