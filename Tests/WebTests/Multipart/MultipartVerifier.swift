import Testing
import Web

enum MultipartVerifier {
    /// Feeds `body` in one way.
    static func records(
        _ body: [UInt8], boundary: String, limits: MultipartLimits = MultipartLimits(), chunking: Chunking
    ) throws -> [Record] {
        try [Record](body, boundary: MultipartBoundary(boundary), limits: limits, chunking: chunking)
    }

    /// Feeds `body` in every way, and demands that it makes no difference.
    static func verified(
        _ body: [UInt8], boundary: String, limits: MultipartLimits = MultipartLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Record] {
        let expected = try records(body, boundary: boundary, limits: limits, chunking: .every(.max))
        for chunking in Chunking.all.dropFirst() {
            let found = try records(body, boundary: boundary, limits: limits, chunking: chunking)
            #expect(found == expected, "\(chunking)", sourceLocation: sourceLocation)
        }
        return expected
    }

    static func verified(
        _ body: String, boundary: String = "b", limits: MultipartLimits = MultipartLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Record] {
        try verified(Array(body.utf8), boundary: boundary, limits: limits, sourceLocation: sourceLocation)
    }
}

/// A part and the text that stands for it.
struct SamplePart {
    var name = "files"
    var filename: String? = "a.txt"
    var contentType: String?
    var body: [UInt8]

    init(_ body: String, name: String = "files", filename: String? = "a.txt", contentType: String? = nil) {
        self.init(bytes: Array(body.utf8), name: name, filename: filename, contentType: contentType)
    }

    init(bytes: [UInt8], name: String = "files", filename: String? = "a.txt", contentType: String? = nil) {
        body = bytes
        self.name = name
        self.filename = filename
        self.contentType = contentType
    }

    func expected() throws -> [Record] {
        let type = try contentType.map { try MediaType($0) }
        let began = Record.began(MultipartHeaders(name: name, filename: filename, contentType: type))
        return body.isEmpty ? [began, .ended] : [began, .body(body), .ended]
    }

    static func encode(_ parts: [SamplePart], boundary: String, preamble: String = "", epilogue: String = "\r\n") -> [UInt8] {
        var text = Array(preamble.utf8)
        for part in parts {
            text += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"".utf8)
            if let filename = part.filename { text += Array("; filename=\"\(filename)\"".utf8) }
            text += Array("\r\n".utf8)
            if let type = part.contentType { text += Array("Content-Type: \(type)\r\n".utf8) }
            text += Array("\r\n".utf8) + part.body + Array("\r\n".utf8)
        }
        return text + Array("--\(boundary)--\(epilogue)".utf8)
    }
}
