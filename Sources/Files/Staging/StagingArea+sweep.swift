import Glibc
public import Platform

extension StagingArea {
    /// Removes what no upload and no row needs: unfinished uploads that have not been written to for `age`, and files below
    /// `ready/` of that age which `known` does not know.
    ///
    /// - Parameters:
    ///   - age: longer than any commit can take; an hour is usual.
    ///   - known: which of these files have a row. Nothing is removed if it throws.
    /// - Returns: how many were removed.
    public func sweep(olderThan age: Duration, known: @Sendable ([FileID]) async throws -> Set<FileID>) async throws -> Int {
        let directories = try directories()
        var removed = 0
        try await eachPage(of: "incoming", olderThan: age) { ids in
            removed += try await unlink(ids, in: directories.incoming, of: directories)
        }
        try await eachPage(of: "ready", olderThan: age) { ids in
            let known = try await known(ids)
            removed += try await unlink(ids.filter { !known.contains($0) }, in: directories.ready, of: directories)
        }
        return removed
    }

    private func eachPage(of directory: String, olderThan age: Duration, _ body: ([FileID]) async throws -> Void) async throws {
        let path = "\(configuration.root)/\(directory)"
        let reader = try await onPool { () throws(FilesError) in try DirectoryReader(path: path) }
        let limit = Int64(time(nil)) - age.components.seconds
        while true {
            let page = try await onPool { () throws(FilesError) in try reader.next(500) }
            if page.isEmpty { return }
            let old = page.filter { $0.modified <= limit }.compactMap { FileID($0.name) }
            if !old.isEmpty { try await body(old) }
        }
    }

    private func unlink(_ ids: [FileID], in directory: Int32, of directories: StagingDirectories) async throws(FilesError) -> Int {
        try await onPool { () throws(FilesError) in
            // The descriptor lives as long as what it belongs to.
            withExtendedLifetime(directories) {
                ids.count { unlinkat(directory, $0.description, 0) == 0 }
            }
        }
    }
}
