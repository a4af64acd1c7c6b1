import Platform

/// The payload of the jobs that name a file: `<id> <key>`, both safe ASCII without blanks.
///
/// These are the jobs there are most of, and JSON took more time than all the rest of a job's way through the queue.
enum FilePayload {
    private static let blank = UInt8(ascii: " ")

    static func encode(file: UUIDv7, key: String) -> [UInt8] {
        Array("\(file) \(key)".utf8)
    }

    static func decode(_ payload: ArraySlice<UInt8>) throws(JobsError) -> (file: UUIDv7, key: String) {
        let parts = payload.split(separator: blank, omittingEmptySubsequences: false)
        guard parts.count == 2, let file = UUIDv7(String(decoding: parts[0], as: UTF8.self)), !parts[1].isEmpty else {
            throw JobsError(.encoding, "not the payload of a file's job")
        }
        return (file, String(decoding: parts[1], as: UTF8.self))
    }
}
