import CCurl

extension FTPSession {
    enum Replacement {
        /// The file has its final name.
        case done
        /// Nothing has changed: whatever had the final name has it still.
        case refused
        /// Another worker may be at it.
        case superseded
        /// A command was sent and its outcome is not known, or not undone.
        case unknown
    }

    private enum Renaming {
        case done, missing, refused, unknown
    }

    /// The rename was refused: the directory of the key may be missing, or the server may not rename over a file that
    /// an earlier attempt has left there. The temporary file is known to be complete.
    ///
    /// The older file is moved aside rather than deleted, so that at every moment one of the two can be put in its place.
    func replace(_ publication: FTPPublication) -> Replacement {
        guard publication.isCurrent() else { return .superseded }
        makeDirectories(for: publication)
        switch rename(publication.temporary, to: publication.final) {
        case .done: return .done
        // A later attempt has taken over, and what has the final name is its only copy.
        case .missing: return .refused
        case .unknown: return .unknown
        case .refused: break
        }
        guard publication.isCurrent() else { return .superseded }
        switch rename(publication.final, to: publication.aside) {
        case .done: break
        case .missing, .refused: return .refused
        case .unknown: return .unknown
        }
        switch rename(publication.temporary, to: publication.final) {
        case .done:
            _ = command(["*DELE \(publication.aside.text)"])
            return .done
        case .missing, .refused: return rename(publication.aside, to: publication.final) == .done ? .refused : .unknown
        case .unknown: return .unknown
        }
    }

    private func rename(_ old: FTPPath, to new: FTPPath) -> Renaming {
        var isThere = false
        let outcome = command(["RNFR \(old.text)", "RNTO \(new.text)"]) { reply in
            if reply.code == 350 { isThere = true }
            return true
        }.outcome
        if outcome.isSuccess { return .done }
        guard outcome.code == CURLE_QUOTE_ERROR else { return .unknown }
        return isThere ? .refused : .missing
    }
}
