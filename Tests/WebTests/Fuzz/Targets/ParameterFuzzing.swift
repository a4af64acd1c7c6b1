import Web

/// The readers of header fields, queries and forms, each with the whole input.
enum ParameterFuzzing {
    static func check(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        try checkMediaType(text)
        try checkDisposition(text)
        try checkPart(input)
        try checkEncoding(input)
        try checkRange(text)
        if let query = try? QueryParameters(text) {
            _ = try? query.single("q")
            let limit = try? query.number("limit", clampedTo: 1...100)
            try FuzzFinding.unless(limit == nil || (1...100).contains(limit ?? 0), "a limit of \(limit ?? 0)")
        }
        if let form = try? FormFields(input), let value = try? form.text("a") {
            try FuzzFinding.unless(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a form")
        }
    }

    /// What is read is printable, and reads the same when it is written again.
    private static func checkMediaType(_ text: String) throws {
        _ = try? MultipartBoundary(contentType: text)
        guard let type = try? MediaType(text) else { return }
        let written = type.description
        try FuzzFinding.unless(isPrintable(written), "a media type that is not printable")
        guard written.utf8.count <= MediaType.maximumLength else { return }
        try FuzzFinding.unless((try? MediaType(written)) == type, "\(type) reads as another type")
    }

    /// Whatever the name, the field has its two parameters and no third.
    private static func checkDisposition(_ text: String) throws {
        let value = ContentDisposition(attachment: text).value
        try FuzzFinding.unless(isPrintable(value), "a disposition that is not printable")
        let pieces = value.split(separator: "\"", omittingEmptySubsequences: false)
        try FuzzFinding.unless(pieces.count == 3 && pieces[0] == "attachment; filename=", "a quote leaves its parameter: \(value)")
        let marker = "; filename*=UTF-8''"
        try FuzzFinding.unless(pieces[2].hasPrefix(marker), "no exact name: \(value)")
        let encoded = pieces[2].dropFirst(marker.count)
        try FuzzFinding.unless(!encoded.isEmpty && !encoded.contains { "; ,".contains($0) }, "the exact name has parameters: \(value)")
        try FuzzFinding.unless((try? PercentEncoding.decode(encoded.utf8, plusIsSpace: false)) != nil, "no text: \(value)")
    }

    /// As a field of a part.
    private static func checkPart(_ input: [UInt8]) throws {
        let body = Array("--b\r\nContent-Disposition: ".utf8) + input + Array("\r\n\r\n\r\n--b--".utf8)
        let boundary = try MultipartBoundary("b")
        let whole = try [Record](body, boundary: boundary, chunking: .every(.max))
        try FuzzFinding.unless(try [Record](body, boundary: boundary, chunking: .every(1)) == whole, "a part depends on chunks")
    }

    private static func checkEncoding(_ input: [UInt8]) throws {
        guard let text = try? PercentEncoding.decode(input, plusIsSpace: false) else { return }
        try FuzzFinding.unless(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character was decoded")
        let again = try? PercentEncoding.decode(PercentEncoding.encodeAttribute(text).utf8, plusIsSpace: false)
        try FuzzFinding.unless(again?.utf8.elementsEqual(text.utf8) == true, "encoding and decoding changed a text")
    }

    private static func checkRange(_ text: String) throws {
        for size: Int64 in [0, 1, 1000, .max] {
            guard case .part(let range) = ByteRange(text, size: size) else { continue }
            try FuzzFinding.unless(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) of \(size) bytes")
        }
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }
}
