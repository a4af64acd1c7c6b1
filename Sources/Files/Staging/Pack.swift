import NIOCore
import Platform

/// A container of several small files, one behind the other, without anything between them: the rows know where each begins.
/// It is written once, and removed when none of its files needs it any more.
struct Pack {
    /// In the order of the contents.
    let places: [StagedPlace]

    /// Writes the contents into a new pack below `ready/` and makes its bytes durable. Blocks.
    init(_ contents: [Chunk], in directories: StagingDirectories) throws(FilesError) {
        let id = UUIDv7()
        // Under its final name at once, which is then durable with the first sync, where a move would need another commit of the
        // journal. Cut off by a crash it is bytes without a row, which nothing reads and the sweep removes.
        let file = try IncomingFile(in: directories, readyAs: id)
        var places: [StagedPlace] = []
        var offset: Int64 = 0
        for content in contents {
            places.append(StagedPlace(container: id, offset: offset))
            try file.write(content, at: offset)
            offset += Int64(content.count)
        }
        try file.sync()
        try file.settle(as: id)
        self.places = places
    }
}
