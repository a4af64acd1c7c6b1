import CMagic

/// An opened database of libmagic, which is not safe for threads.
///
/// Unchecked because `ContentSniffer` gives each to one thread at a time.
final class MagicCookie: @unchecked Sendable {
    private let cookie: magic_t

    /// - Parameter database: the file of the database; nil for the system's.
    init(database: String?) throws(MagicError) {
        guard let cookie = magic_open(MAGIC_MIME_TYPE) else { throw MagicError(.noDatabase) }
        guard magic_load(cookie, database) == 0, Self.bound(cookie) else {
            magic_close(cookie)
            throw MagicError(.noDatabase)
        }
        self.cookie = cookie
    }

    deinit {
        magic_close(cookie)
    }

    /// Lowers what a hostile file can make libmagic do.
    private static func bound(_ cookie: magic_t) -> Bool {
        let limits = [
            (MAGIC_PARAM_INDIR_MAX, 16), (MAGIC_PARAM_NAME_MAX, 32), (MAGIC_PARAM_ELF_PHNUM_MAX, 128), (MAGIC_PARAM_ELF_SHNUM_MAX, 128),
            (MAGIC_PARAM_ELF_NOTES_MAX, 32), (MAGIC_PARAM_REGEX_MAX, 4096), (MAGIC_PARAM_BYTES_MAX, ContentSniffer.headLimit),
        ]
        return limits.allSatisfy { parameter, value in
            var value = value
            return magic_setparam(cookie, parameter, &value) == 0
        }
    }

    func look(_ head: [UInt8]) throws(MagicError) -> Sniffed {
        // Each match on a line of its own, which begins with `- `.
        let types = try ask(head, MAGIC_MIME_TYPE).split(separator: "\\012- ").map { $0.lowercased() }
        guard !types.isEmpty else { throw MagicError(.failed) }
        return Sniffed(types: types, description: try ask(head, MAGIC_NONE))
    }

    /// What is not printable comes as `\012`: a description holds parts of the content.
    private func ask(_ head: [UInt8], _ kind: Int32) throws(MagicError) -> String {
        guard magic_setflags(cookie, kind | MAGIC_CONTINUE | MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS) == 0 else { throw MagicError(.failed) }
        let text = head.withUnsafeBytes { bytes in magic_buffer(cookie, bytes.baseAddress, bytes.count) }
        guard let text else { throw MagicError(.failed) }
        return String(cString: text)
    }
}
