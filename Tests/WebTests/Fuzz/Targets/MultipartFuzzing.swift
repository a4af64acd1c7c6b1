import Web

/// The parser of forms. An input is one byte that chooses limits and chunks, a boundary, a line feed, a body.
enum MultipartFuzzing {
    static func check(_ input: [UInt8]) throws {
        guard let choice = input.first, let end = input.firstIndex(of: 0x0A), end > 0 else { return }
        let text = String(decoding: input[1..<end], as: UTF8.self)
        guard let boundary = try? MultipartBoundary(text) else { return }
        let body = Array(input[(end + 1)...])
        let limits = choice & 0x80 == 0 ? MultipartLimits() : narrow
        let whole = try [Record](body, boundary: boundary, limits: limits, chunking: .every(.max))
        for chunking in [Chunking.every(1), .every(Int(choice & 0x7F) + 2), .random(seed: UInt64(choice))] {
            let records = try [Record](body, boundary: boundary, limits: limits, chunking: chunking)
            try FuzzFinding.unless(records == whole, "\(chunking): \(records) instead of \(whole)")
        }
        try checkOrder(whole)
        if whole.last == .finished { try checkContents(whole, body, boundary) }
        try SearchFuzzing.check(body, boundary)
    }

    /// Limits that an input of some hundred bytes reaches.
    private static let narrow: MultipartLimits = {
        var limits = MultipartLimits()
        limits.parts = 3
        limits.headers = 2
        limits.headerBytes = 128
        limits.parameterBytes = 24
        limits.nameBytes = 8
        limits.fieldBytes = 16
        limits.preambleBytes = 8
        limits.paddingBytes = 2
        return limits
    }()

    /// Parts begin and end in turn, and nothing follows the end or a refusal.
    private static func checkOrder(_ records: [Record]) throws {
        var isInside = false
        for (index, record) in records.enumerated() {
            switch record {
            case .began:
                try FuzzFinding.unless(!isInside, "a part begins inside another")
                isInside = true
            case .body: try FuzzFinding.unless(isInside, "bytes outside of a part")
            case .ended:
                try FuzzFinding.unless(isInside, "a part ends that has not begun")
                isInside = false
            case .finished, .refused: try FuzzFinding.unless(index == records.count - 1, "\(record) is not the last")
            }
        }
        try FuzzFinding.unless(records.last == .finished ? !isInside : isRefusal(records.last), "neither finished nor refused")
    }

    private static func isRefusal(_ record: Record?) -> Bool {
        if case .refused = record { true } else { false }
    }

    private static func checkContents(_ records: [Record], _ body: [UInt8], _ boundary: MultipartBoundary) throws {
        var found: [[UInt8]] = []
        for record in records {
            switch record {
            case .began: found.append([])
            case .body(let bytes): found[found.count - 1] = bytes
            case .ended, .finished, .refused: break
            }
        }
        let expected = contents(of: body, boundary.bytes)
        try FuzzFinding.unless(found == expected, "contents \(found) instead of \(expected.map { "\($0)" } ?? "a refusal")")
    }

    /// The contents of the parts, found in the simplest way there is: with all of the body at hand, delimiter after delimiter.
    private static func contents(of body: [UInt8], _ boundary: [UInt8]) -> [[UInt8]]? {
        let line = Array("\r\n".utf8)
        let delimiter = Array("\r\n--".utf8) + boundary
        // A delimiter may stand at the very start.
        var rest = (line + body)[...]
        var contents: [[UInt8]] = []
        var isInside = false
        while let start = SearchFuzzing.first(delimiter, in: rest) {
            // What is inside begins with the line end of the empty line, which may be that of a delimiter too.
            if isInside { contents.append(Array(rest[..<start].dropFirst(2))) }
            rest = rest[(start + delimiter.count)...]
            if rest.starts(with: [0x2D, 0x2D]) { return contents }
            guard let end = SearchFuzzing.first(line, in: rest) else { return nil }
            guard let empty = SearchFuzzing.first(line + line, in: rest[(end + 2)...]) else { return nil }
            rest = rest[(empty + 2)...]
            isInside = true
        }
        return nil
    }
}
