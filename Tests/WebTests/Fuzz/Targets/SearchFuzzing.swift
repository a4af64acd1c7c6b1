import Web

/// The search for the delimiter, on memory that ends exactly where the text does: it loads words, and must not load what
/// lies behind.
enum SearchFuzzing {
    static func check(_ bytes: [UInt8], _ boundary: MultipartBoundary) throws {
        let search = DelimiterSearch(boundary: boundary)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        var start = 0
        while true {
            let text = UnsafeRawBufferPointer(rebasing: memory[start...])
            let found = search.firstMatch(in: text)
            let expected = first(search.pattern, in: bytes[start...]).map { $0 - start }
            try FuzzFinding.unless(found == expected, "a delimiter at \(found ?? -1) instead of \(expected ?? -1)")
            guard let found else {
                let begun = search.begun(atEndOf: text)
                let rest = bytes[start...]
                let longest = (1..<search.pattern.count).last { rest.suffix($0).elementsEqual(search.pattern.prefix($0)) } ?? 0
                return try FuzzFinding.unless(begun == longest, "\(begun) bytes begin a delimiter instead of \(longest)")
            }
            start += found + 1
        }
    }

    /// Where `pattern` begins in `text`, found by looking at every place.
    static func first(_ pattern: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= pattern.count else { return nil }
        return (text.startIndex...text.endIndex - pattern.count).first { position in
            text[position] == pattern[0] && text[position..<position + pattern.count].elementsEqual(pattern)
        }
    }
}
