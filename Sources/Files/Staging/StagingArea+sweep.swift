import Glibc
public import Platform

extension StagingArea {
    /// Removes what no upload and no row needs: uploads of processes that have ended, and containers below `ready/` that were last
    /// written longer than `age` ago and that `needed` does not know.
    ///
    /// - Parameters:
    ///   - age: longer than any commit can take; an hour is usual.
    ///   - needed: which of these containers hold bytes of rows. Nothing is removed if it throws.
    /// - Returns: how many were removed.
    public func sweep(olderThan age: Duration, needed: @Sendable ([UUIDv7]) async throws -> Set<UUIDv7>) async throws -> Int {
        let directories = try directories()
        let limit = Int64(time(nil)) - age.components.seconds
        var removed = 0
        try await eachPage(of: directories.incoming) { page in
            removed += try await onPool { () throws(FilesError) in
                var removed = 0
                for entry in page {
                    removed += try ReceivingDirectory.sweep(entry.name, isOld: entry.modified <= limit, in: directories)
                }
                return removed
            }
        }
        try await eachPage(of: directories.ready) { page in
            let old = page.filter { $0.modified <= limit }.compactMap { UUIDv7($0.name) }
            guard !old.isEmpty else { return }
            let needed = try await needed(old)
            removed += try await onPool { old.count { !needed.contains($0) && unlinkat(directories.ready, $0.description, 0) == 0 } }
        }
        return removed
    }

    func eachPage(of directory: Int32, _ body: ([DirectoryReader.Entry]) async throws -> Void) async throws {
        let reader = try await onPool { () throws(FilesError) in try DirectoryReader(descriptor: directory) }
        while true {
            let page = try await onPool { () throws(FilesError) in try reader.next(500) }
            if page.isEmpty { return }
            try await body(page)
        }
    }
}
