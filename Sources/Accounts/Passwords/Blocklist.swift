/// A list of passwords that are tried first.
///
/// Those that the least length refuses anyway are not in it. Its source is named in `docs/licences/zxcvbn.txt`.
struct Blocklist: Sendable {
    /// The 5,000 most frequent ones of at least eight characters.
    static let common = Blocklist(PackageResources.common_passwords_txt)

    /// Lines in the order of their bytes, each with its line feed: searched as they are, without a copy in another form.
    private let text: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// - Parameter password: in lower case, as the list is.
    func contains(_ password: String) -> Bool {
        let wanted = Array(password.utf8)
        var (low, high) = (0, text.count)
        while low < high {
            let line = line(around: (low + high) / 2)
            if text[line].elementsEqual(wanted) { return true }
            if text[line].lexicographicallyPrecedes(wanted) { low = line.upperBound + 1 } else { high = line.lowerBound }
        }
        return false
    }

    /// The line that a place belongs to; its line feed belongs to it, too.
    private func line(around place: Int) -> Range<Int> {
        let start = text[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let end = text[place...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
        return start..<end
    }
}
