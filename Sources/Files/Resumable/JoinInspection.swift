import Cryptography
import NIOCore
import Platform
import Postgres

/// Asks what can speak against a file that is to be made of parts, while they are not used up.
///
/// Of the parts themselves it judges nothing: that is for the transaction that uses them up. Until then they stay as they are, or go.
struct JoinInspection: Sendable {
    let store: UploadStore
    let staging: StagingArea
    let inspection: UploadInspection?

    /// - Throws: `.refused`, `.stagingFull`, `.storage`, `.database`.
    func look(at draft: UploadDraft, _ ids: [UploadID]) async throws(FilesError) {
        let rows = try await store.query(
            """
            SELECT \(sql: UploadRecord.columns) FROM uploads WHERE id = ANY(\(ids)) AND owner_id = \(draft.owner) AND area = \(store.area)
                AND kind = 'part' AND state = 'complete' AND joined_into IS NULL
            """)
        let parts = ids.compactMap { id in rows.first { $0.id == id } }
        guard parts.count == ids.count else { return }
        // The file of the first becomes the whole's. The others are copied, and each is removed before the next is begun.
        try await staging.checkSpace(for: parts.dropFirst().map(\.offset).max() ?? 0)
        guard let inspection, let name = draft.name else { return }
        try await inspection.inspect(try await head(of: parts, upTo: inspection.headLimit), as: try FileName(cleaning: name))
    }

    private func head(of parts: [UploadRecord], upTo limit: Int) async throws(FilesError) -> [UInt8] {
        let directories = try staging.directories()
        return try await staging.onPool { () throws(FilesError) in
            var head: [UInt8] = []
            // One without bytes has no file.
            for part in parts where head.count < limit && part.offset > 0 {
                // What is not there the joiner will miss too.
                guard let file = try PartialFile.read(part.id, in: directories) else { break }
                let count = min(limit - head.count, Int(clamping: part.offset))
                head += try file.read(at: 0, upTo: count).readableBytesView
            }
            return head
        }
    }
}
