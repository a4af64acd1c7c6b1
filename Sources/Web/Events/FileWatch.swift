package import Files
import Platform

/// What somebody has been told of their files, and what has changed since. A value without a clock.
///
/// It knows the newest files, at most as many as a page can hold: memory and the question to the database are bounded however many
/// there are.
package struct FileWatch: Sendable {
    package struct News: Sendable, Equatable {
        /// New, or in another state.
        package var changed: [FileID] = []
        package var gone: [FileID] = []

        package init(changed: [FileID] = [], gone: [FileID] = []) {
            self.changed = changed
            self.gone = gone
        }
    }

    /// How long two processes may take to show each other a file that one of them accepted.
    private static let overlap: Int64 = 10_000

    private let limit: Int
    private var known: [FileID: FileState]

    /// - Parameter files: the newest, about which nobody needs to be told.
    package init(files: [FileRecord], limit: Int) {
        self.limit = limit
        known = Dictionary(files.map { ($0.id, $0.state) }) { first, _ in first }
    }

    /// The files to ask about.
    package var ids: [FileID] { Array(known.keys) }

    /// From when on files that are not among these are news; older ones were passed over because of their number.
    ///
    /// - Parameter now: milliseconds since 1970.
    package static func since(_ now: Int64) -> FileID {
        FileID(milliseconds: max(0, now - overlap))
    }

    /// Takes in how the files stand now.
    package mutating func take(_ states: [FileID: FileState]) -> News {
        var news = News()
        news.changed = states.filter { known[$0.key] != $0.value }.keys.sorted()
        news.gone = known.keys.filter { states[$0] == nil }.sorted()
        known = states
        if known.count > limit {
            let newest = known.keys.sorted().suffix(limit)
            known = Dictionary(uniqueKeysWithValues: newest.map { ($0, states[$0] ?? .staged) })
        }
        return news
    }
}
