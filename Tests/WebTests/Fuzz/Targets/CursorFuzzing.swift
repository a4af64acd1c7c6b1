import Cryptography
import Files

/// Cursors, both as they come and with the input as what the text stands for.
enum CursorFuzzing {
    static func check(_ input: [UInt8]) throws {
        try check(String(decoding: input, as: UTF8.self))
        try check(Base64URL.encode(input))
    }

    private static func check(_ text: String) throws {
        guard let cursor = try? FileCursor(text) else { return }
        try FuzzFinding.unless((try? FileCursor(cursor.description)) == cursor, "written and read, a cursor names another place")
    }
}
