import Glibc
import Platform

extension StagingArea {
    /// Makes a batch of received files durable below `ready/`, in one visit to the pool.
    ///
    /// The small ones share a pack: on a journalled ext4 that is one new file, one run of blocks and one commit of the journal
    /// for all, where it would be one for each file. syncfs(2) would serve as well, but also waits for
    /// everything that anybody else has written: beside one `dd` it stalled for 3 s.
    ///
    /// - Returns: for each file its place, or why it is not there; then nothing of it remains.
    package func publish(_ files: [ReceivedFile]) async -> [Result<StagedPlace, FilesError>] {
        do throws(FilesError) {
            let directories = try directories()
            return try await onPool { () throws(FilesError) in Self.publish(files, in: directories) }
        } catch {
            return files.map { _ in .failure(error) }
        }
    }

    private static func publish(_ files: [ReceivedFile], in directories: StagingDirectories) -> [Result<StagedPlace, FilesError>] {
        let small = files.compactMap { if case .memory(let bytes) = $0.content { bytes.chunk } else { nil } }
        let pack = small.isEmpty ? nil : Result { () throws(FilesError) in try Pack(small, in: directories) }
        var packed = 0
        let places = files.map { file in
            switch file.content {
            case .memory:
                defer { packed += 1 }
                return pack.map { $0.map { $0.places[packed] } } ?? .failure(FilesError(.misuse, "a pack without its bytes"))
            case .incoming(let incoming):
                return Result { () throws(FilesError) in
                    try incoming.settle(as: file.id)
                    return StagedPlace(container: file.id, offset: 0)
                }
            case .partial(let partial):
                return Result { () throws(FilesError) in
                    try partial.link(as: file.id, size: file.size)
                    return StagedPlace(container: file.id, offset: 0)
                }
            }
        }
        do throws(FilesError) {
            try directories.syncReady()
        } catch {
            for case .success(let place) in places { unlinkat(directories.ready, place.container.description, 0) }
            return files.map { _ in .failure(error) }
        }
        return places
    }

    /// Takes back containers of which the database has no row.
    func withdraw(_ containers: [UUIDv7]) async {
        // Shielded, since a hard stop of the service cancels it; should it fail all the same, the sweep finds bytes without a row.
        _ = await Task { try await remove(containers) }.result
    }
}
