import Files
import Magic
import NIOCore
import Synchronization

/// Keeps the head of a file that arrives and has it looked at: as soon as it is whole, so that nobody sends gigabytes for nothing.
final class HeadSample: UploadWatcher {
    private let name: FileName
    private let types: TypeGuard
    /// Nil once it has been looked at.
    private let head = Mutex<[UInt8]?>([])

    init(name: FileName, types: TypeGuard) {
        self.name = name
        self.types = types
    }

    func take(_ bytes: ByteBuffer) async throws {
        let whole = head.withLock { head -> [UInt8]? in
            guard var begun = head else { return nil }
            // Not two owners, or each piece would copy what there is.
            head = nil
            begun.append(contentsOf: bytes.readableBytesView.prefix(ContentSniffer.headLimit - begun.count))
            guard begun.count < ContentSniffer.headLimit else { return begun }
            head = begun
            return nil
        }
        if let whole { try await types.check(head: whole, name: name) }
    }

    func finish() async throws {
        let rest = head.withLock { head in
            defer { head = nil }
            return head
        }
        if let rest { try await types.check(head: rest, name: name) }
    }

    func discard() async {
        head.withLock { $0 = nil }
    }
}
