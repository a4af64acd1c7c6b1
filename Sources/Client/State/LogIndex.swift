import Cryptography
import Glibc

/// Where the lines of a log are, by the digests that they begin with: on disk, so that a log of millions of lines takes no memory.
///
/// A hash table with open addressing, in a file without a name that is gone with the process. A slot holds the first eight bytes of a
/// digest, and where the line is.
final class LogIndex: Sendable {
    private struct Slot {
        static let size = 16
        var hash: UInt64 = 0
        /// Plus one; 0 in a slot that is free.
        var place: UInt64 = 0
    }

    private let descriptor: Int32
    private let mask: UInt64

    /// - Parameter lines: at most so many are going to be added.
    init(forLines lines: Int64, in folder: String) throws(ClientFailure) {
        let path = "\(folder)/.index-\(RandomBytes.token())"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("make an index in \(folder)") }
        unlink(path)
        var slots: UInt64 = 16
        while slots < UInt64(max(0, lines)) * 2 { slots *= 2 }
        mask = slots - 1
        // Without blocks until something is written there.
        guard ftruncate(descriptor, off_t(slots) * off_t(Slot.size)) == 0 else { throw Self.failure("write the index") }
    }

    deinit {
        close(descriptor)
    }

    func add(_ digest: SHA256Digest, at place: Int64) throws(ClientFailure) {
        let hash = Self.hash(of: digest)
        var number = hash & mask
        while try read(number).place != 0 { number = (number + 1) & mask }
        var slot = Slot(hash: hash, place: UInt64(place) + 1)
        guard pwrite(descriptor, &slot, Slot.size, Self.offset(number)) == Slot.size else { throw Self.failure("write the index") }
    }

    /// Where lines may be that begin with this digest, the oldest first: to be looked at, since other digests may have the same beginning.
    func places(of digest: SHA256Digest) throws(ClientFailure) -> [Int64] {
        let hash = Self.hash(of: digest)
        var number = hash & mask
        var places: [Int64] = []
        while true {
            let slot = try read(number)
            guard slot.place != 0 else { return places }
            if slot.hash == hash { places.append(Int64(slot.place - 1)) }
            number = (number + 1) & mask
        }
    }

    private func read(_ number: UInt64) throws(ClientFailure) -> Slot {
        var slot = Slot()
        guard pread(descriptor, &slot, Slot.size, Self.offset(number)) == Slot.size else { throw Self.failure("read the index") }
        return slot
    }

    private static func offset(_ number: UInt64) -> off_t { off_t(number) * off_t(Slot.size) }

    private static func hash(of digest: SHA256Digest) -> UInt64 {
        digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func failure(_ action: String) -> ClientFailure {
        .local("cannot \(action): \(String(cString: strerror(errno)))")
    }
}
