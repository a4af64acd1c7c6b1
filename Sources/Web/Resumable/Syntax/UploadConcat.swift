package import Platform

/// Whether an upload is a part of a file, or is made of parts: an Upload-Concat field.
package enum UploadConcat: Hashable, Sendable {
    case partial
    /// The parts in order, none twice.
    case final([UUIDv7])

    package static let maximumParts = 100
    /// Of the field: with the metadata it has to fit into the head of an answer.
    package static let maximumLength = 11 << 10
    /// Below which uploads have their addresses.
    package static let path = "/api/v1/uploads/"

    /// Reads the value of the field.
    package init(_ field: String) throws(UploadFieldError) {
        if field == "partial" {
            self = .partial
            return
        }
        guard field.utf8.count <= Self.maximumLength else {
            throw UploadFieldError(.concat, "It may have \(Self.maximumLength) bytes at most.")
        }
        let mark = "final;"
        guard field.utf8.starts(with: mark.utf8) else { throw UploadFieldError(.concat, "It has to be partial, or final;URL URL …") }
        let urls = Array(field.utf8.dropFirst(mark.utf8.count))
            .split(separator: .space, maxSplits: Self.maximumParts, omittingEmptySubsequences: false)
        guard urls.count <= Self.maximumParts else {
            throw UploadFieldError(.concat, "It may name \(Self.maximumParts) parts at most.")
        }
        var parts: [UUIDv7] = []
        for url in urls {
            let part = try Self.part(url)
            guard !parts.contains(part) else { throw UploadFieldError(.concat, "It may name each part once.") }
            parts.append(part)
        }
        self = .final(parts)
    }

    /// The value of the field, with addresses relative to this host.
    package var text: String {
        switch self {
        case .partial: "partial"
        case .final(let parts): "final;" + parts.map { Self.path + $0.description }.joined(separator: " ")
        }
    }

    /// The upload that an address of ours names.
    package static func upload(at path: String) -> UUIDv7? { try? part(Array(path.utf8)[...]) }

    /// The upload that an address names. The host is not looked at: behind a proxy a client may know us by another name.
    private static func part(_ url: ArraySlice<UInt8>) throws(UploadFieldError) -> UUIDv7 {
        var rest = url
        for scheme in ["http://", "https://"] where url.starts(with: scheme.utf8) {
            rest = url.dropFirst(scheme.utf8.count).drop { $0 != .slash }
        }
        let name = String(decoding: rest.dropFirst(path.utf8.count), as: UTF8.self)
        guard rest.starts(with: path.utf8), let id = UUIDv7(name), id.description == name else {
            throw UploadFieldError(.concat, "It has to name the addresses of uploads, separated by single blanks.")
        }
        return id
    }
}
