/// What a Range field (RFC 9110, section 14) asks of a representation of known size.
///
/// The rule: one range is served. Another unit, or something that is not a range, is ignored and the whole is served, as
/// the RFC asks. More than one range is refused as unsatisfiable, however many there are, without looking at them: the
/// answer to overlapping ranges must not be larger than the file.
package enum ByteRange: Hashable, Sendable {
    /// Status 200, everything.
    case whole
    /// Status 206, these offsets; never empty, always within the size.
    case part(Range<Int64>)
    /// Status 416.
    case unsatisfiable

    /// - Parameters:
    ///   - field: the value of the Range field, if there was one.
    ///   - size: bytes of the representation.
    package init(_ field: String?, size: Int64) {
        self = field.map { Self.resolve(Array($0.utf8), size: size) } ?? .whole
    }

    /// The Content-Range field that goes with it; nil for the whole.
    package func contentRange(size: Int64) -> String? {
        switch self {
        case .whole: nil
        case .part(let range): "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        case .unsatisfiable: "bytes */\(size)"
        }
    }

    private static func resolve(_ field: [UInt8], size: Int64) -> ByteRange {
        let unit = "bytes=".utf8
        guard field.count > unit.count, zip(field, unit).allSatisfy({ $0.0.lowercasedASCII == $0.1 }) else { return .whole }
        // Empty elements of a list are allowed and mean nothing (RFC 9110, section 5.6.1).
        let ranges = field.dropFirst(unit.count).split(separator: .comma).map(trimmed).filter { !$0.isEmpty }
        guard let range = ranges.first else { return .whole }
        guard ranges.count == 1 else { return .unsatisfiable }
        guard let hyphen = range.firstIndex(of: .hyphen) else { return .whole }
        let (first, last) = (range[..<hyphen], range[(hyphen + 1)...])
        if first.isEmpty {
            return number(last).map { suffix($0, size: size) } ?? .whole
        }
        guard let start = number(first) else { return .whole }
        if last.isEmpty {
            return start < size ? .part(start..<size) : .unsatisfiable
        }
        guard let end = number(last), start <= end else { return .whole }
        return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
    }

    /// The last `length` bytes. Of an empty file they are all there is, and no Content-Range could say so: the whole.
    private static func suffix(_ length: Int64, size: Int64) -> ByteRange {
        guard length > 0 else { return .unsatisfiable }
        return size > 0 ? .part((size - min(length, size))..<size) : .whole
    }

    /// Decimal digits; a number too large for 64 bits counts as the largest, which lies behind the end of any file.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit - 0x30))
            if overflow || carry { return .max }
            value = sum
        }
        return value
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop(while: \.isWhitespace)
        while bytes.last?.isWhitespace == true { bytes.removeLast() }
        return bytes
    }
}
