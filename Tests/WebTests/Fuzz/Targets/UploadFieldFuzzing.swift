import HTTPTypes
import Web

/// The fields of tus. An input is lines, each the letter of a field and its value; each reader of one value gets all of it, too.
enum UploadFieldFuzzing {
    static func check(_ input: [UInt8]) throws {
        try checkValues(String(decoding: input, as: UTF8.self))
        let headers = fields(input)
        if let append = try? AppendFields(headers) {
            try FuzzFinding.unless(append.offset >= 0 && append.length ?? 0 >= 0, "a count below 0")
        }
        guard let creation = try? CreationFields(headers) else { return }
        try checkMetadata(creation.metadata)
        switch creation.kind {
        case .whole(let length), .part(let length): try FuzzFinding.unless(length ?? 0 >= 0, "a length below 0")
        case .joined(let parts): try checkConcat(.final(parts))
        }
    }

    /// As a server would hand them over: what no field may hold never gets as far as this.
    private static func fields(_ input: [UInt8]) -> HTTPFields {
        var fields = HTTPFields()
        for line in input.split(separator: 0x0A) {
            guard let letter = line.first, HTTPField.isValidValue(line.dropFirst()) else { continue }
            let names = UploadField.allCases.map(\.name) + [.trailer]
            let name = names[Int(letter) % names.count]
            fields.append(HTTPField(name: name, value: String(decoding: line.dropFirst(), as: UTF8.self)))
        }
        return fields
    }

    private static func checkValues(_ text: String) throws {
        if let metadata = try? UploadMetadata(text) { try checkMetadata(metadata) }
        if let concat = try? UploadConcat(text) { try checkConcat(concat) }
        if let checksum = try? UploadChecksum(text) {
            try FuzzFinding.unless(checksum.digest.count == checksum.algorithm.byteCount, "a digest of \(checksum.digest.count) bytes")
        }
    }

    /// It is sent back as it came, so it must be harmless.
    private static func checkMetadata(_ metadata: UploadMetadata) throws {
        try FuzzFinding.unless(metadata.text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "metadata that is not printable")
        try FuzzFinding.unless(metadata.text.utf8.count <= UploadMetadata.maximumLength, "metadata of \(metadata.text.utf8.count) bytes")
        try FuzzFinding.unless((try? UploadMetadata(metadata.text)) == metadata, "metadata reads as other metadata")
    }

    private static func checkConcat(_ concat: UploadConcat) throws {
        if case .final(let parts) = concat {
            try FuzzFinding.unless((1...UploadConcat.maximumParts).contains(parts.count), "\(parts.count) parts")
            try FuzzFinding.unless(Set(parts).count == parts.count, "a part twice")
        }
        try FuzzFinding.unless((try? UploadConcat(concat.text)) == concat, "\(concat.text) reads as others")
    }
}
