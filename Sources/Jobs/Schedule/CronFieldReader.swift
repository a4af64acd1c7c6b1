/// Reads one field of a cron expression: `*`, numbers, names, ranges, lists and steps.
struct CronFieldReader {
    private let field: CronField
    private let text: ArraySlice<UInt8>
    private var index: Int

    /// - Parameter text: the field alone, as a part of the whole expression, so that its indices tell the place.
    init(_ field: CronField, _ text: ArraySlice<UInt8>) {
        self.field = field
        self.text = text
        index = text.startIndex
    }

    /// - Returns: a bit for each value; Sunday is bit 0.
    mutating func read() throws(ScheduleError) -> UInt64 {
        var values = try item()
        while take(",") { values |= try item() }
        guard index == text.endIndex else { throw error(.syntax, at: index, "this character does not belong here") }
        if field == .dayOfWeek, values & 1 << 7 != 0 { values = values & ~(1 << 7) | 1 }
        return values
    }

    private mutating func item() throws(ScheduleError) -> UInt64 {
        let start = index
        let isStar = take("*")
        var range = isStar ? field.all : try single()
        var isRange = isStar
        if !isStar, take("-") {
            range = try upperEnd(of: range.lowerBound, from: start)
            isRange = true
        }
        var step = 1
        if take("/") {
            guard isRange else { throw error(.syntax, at: index - 1, "a step follows * or a range") }
            let place = index
            step = try number()
            guard (1...field.all.upperBound).contains(step) else {
                throw error(.outOfRange, at: place, "a step of this field is 1 to \(field.all.upperBound)")
            }
        }
        return stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private mutating func single() throws(ScheduleError) -> ClosedRange<Int> {
        let value = try value()
        return value...value
    }

    private mutating func upperEnd(of lower: Int, from start: Int) throws(ScheduleError) -> ClosedRange<Int> {
        var upper = try value()
        // A week may end with Sunday, by whichever name.
        if field == .dayOfWeek, upper == 0, lower > 0 { upper = 7 }
        guard lower <= upper else { throw error(.outOfRange, at: start, "a range runs upwards; write this one as a list of two") }
        return lower...upper
    }

    private mutating func value() throws(ScheduleError) -> Int {
        guard index < text.endIndex else { throw error(.syntax, at: index, "a value is missing") }
        let start = index
        let letters = text[start...].prefix { Self.isLetter($0) }
        guard letters.isEmpty else {
            let name = String(decoding: letters, as: UTF8.self).lowercased()
            guard let place = field.names.firstIndex(of: name) else {
                let known = field.names.isEmpty ? "this field has no names" : "the names are \(field.names.joined(separator: " "))"
                throw error(.syntax, at: start, known)
            }
            index = letters.endIndex
            return place + field.all.lowerBound
        }
        let value = try number()
        guard field.values.contains(value) else {
            throw error(.outOfRange, at: start, "a value of this field is \(field.values.lowerBound) to \(field.values.upperBound)")
        }
        return value
    }

    private mutating func number() throws(ScheduleError) -> Int {
        let digits = text[index...].prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { throw error(.syntax, at: index, "a number is expected here") }
        guard digits.count <= 4 else { throw error(.outOfRange, at: index, "this number is too long") }
        index = digits.endIndex
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < text.endIndex, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private func error(_ code: ScheduleError.Code, at index: Int, _ message: String) -> ScheduleError {
        ScheduleError(code, field: field, position: index + 1, message)
    }
}
