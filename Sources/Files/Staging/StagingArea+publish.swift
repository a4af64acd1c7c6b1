import Glibc
import Platform

extension StagingArea {
    /// Files below `ready/`, of which neither the names nor the bytes of the pack are durable yet.
    private struct Publication: Sendable {
        let places: [Result<StagedPlace, FilesError>]
        /// Of the small ones, if there are any.
        let pack: Pack?
        let directories: StagingDirectories
    }

    /// Makes a batch of received files durable below `ready/`.
    ///
    /// The small ones share a pack: on a journalled ext4 that is one new file, one run of blocks and one commit of the journal
    /// for all, where it would be one for each file. syncfs(2) would serve as well, but also waits for
    /// everything that anybody else has written: beside one `dd` it stalled for 3 s.
    ///
    /// - Returns: for each file its place, or why it is not there; then nothing of it remains.
    package func publish(_ files: [ReceivedFile]) async -> [Result<StagedPlace, FilesError>] {
        let publication: Publication
        do throws(FilesError) {
            let directories = try directories()
            publication = try await onPool { () throws(FilesError) in Self.place(files, in: directories) }
        } catch {
            return files.map { _ in .failure(error) }
        }
        // At the same time, since one commit of the journal serves both: one after the other, the disk has to flush its cache once more.
        async let namesFailure = failure { () throws(FilesError) in try publication.directories.syncReady() }
        var places = publication.places
        if let pack = publication.pack, let error = await failure({ () throws(FilesError) in try pack.sync() }) {
            places = zip(files, places).map { $0.isInPack ? .failure(error) : $1 }
        }
        guard let error = await namesFailure else { return places }
        await withdraw(Array(Set(places.compactMap { try? $0.get().container })))
        return files.map { _ in .failure(error) }
    }

    private static func place(_ files: [ReceivedFile], in directories: StagingDirectories) -> Publication {
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
        return Publication(places: places, pack: try? pack?.get(), directories: directories)
    }

    /// Why `body` failed on the pool; nil when it did not.
    private func failure(_ body: @escaping @Sendable () throws(FilesError) -> Void) async -> FilesError? {
        do throws(FilesError) {
            try await onPool(body)
            return nil
        } catch {
            return error
        }
    }

    /// Takes back containers of which the database has no row.
    func withdraw(_ containers: [UUIDv7]) async {
        // Shielded, since a hard stop of the service cancels it; should it fail all the same, the sweep finds bytes without a row.
        _ = await Task { try await remove(containers) }.result
    }
}

extension ReceivedFile {
    fileprivate var isInPack: Bool {
        if case .memory = content { true } else { false }
    }
}
