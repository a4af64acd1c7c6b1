import Cryptography
import Platform

/// The place in a list of files after which the next page begins.
///
/// Opaque to clients. It is not signed: a forged one that reads well merely names another place in the same owner's list,
/// because every query carries the owner itself.
public struct FileCursor: Sendable, Hashable, CustomStringConvertible {
    /// The value of the field the list is sorted by, at the last file of the page before.
    enum Position: Sendable, Hashable {
        case created
        case name(String)
        case size(Int64)
    }

    /// Longer than any cursor this type makes: the lower-case form of a name of 255 bytes has at most three times as many.
    private static let maximumByteCount = 1400

    let sort: FileSort
    let position: Position
    let id: FileID

    init(sort: FileSort, position: Position, id: FileID) {
        self.sort = sort
        self.position = position
        self.id = id
    }

    /// Reads what `description` wrote.
    ///
    /// - Throws: `.badCursor` for everything else.
    public init(_ text: String) throws(FilesError) {
        guard text.utf8.count <= Self.maximumByteCount, let bytes = Base64URL.decode(text),
            let plain = String(validating: bytes, as: UTF8.self), !plain.utf8.contains(0)
        else { throw Self.bad }
        let parts = plain.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "1", let sort = FileSort(String(parts[1])), let id = FileID(String(parts[2])) else {
            throw Self.bad
        }
        self.sort = sort
        self.id = id
        switch sort.field {
        case .created:
            guard parts[3].isEmpty else { throw Self.bad }
            position = .created
        case .name:
            position = .name(String(parts[3]))
        case .size:
            guard let size = Int64(parts[3]), size >= 0 else { throw Self.bad }
            position = .size(size)
        }
    }

    public var description: String {
        let value =
            switch position {
            case .created: ""
            case .name(let name): name
            case .size(let size): String(size)
            }
        return Base64URL.encode(Array("1\n\(sort)\n\(id)\n\(value)".utf8))
    }

    static let bad = FilesError(.badCursor, "the cursor was not made for this list")
}
