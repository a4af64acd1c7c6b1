import Glibc

/// One file on its way.
struct FTPPublication: Sendable {
    let file: String
    /// Where in the file the bytes to be sent begin, and how many they are.
    let offset: Int64
    let size: Int64
    let temporary: FTPPath
    let final: FTPPath
    /// Where an older file of the final name goes for a moment, when the server does not rename over it.
    let aside: FTPPath
    let isCurrent: @Sendable () -> Bool
}

/// The replies to one upload, read as they come: the size check and the last question before the rename.
///
/// `STOR` and the commands after it are one transfer. The commands after the data are sent one by one, each when the
/// reply before it has been accepted here, so refusing the reply to SIZE is what keeps RNFR from being sent.
struct FTPPublicationProgress {
    enum Step {
        /// Up to the reply that accepts the upload.
        case opening
        /// 150 has come; the server has not yet said that it has everything.
        case sending
        /// 226 has come; SIZE is on its way.
        case sizing
        /// Size and entitlement were right; RNFR and RNTO are on their way.
        case renaming
        case renamed
    }

    enum Refusal {
        case wrongSize(String)
        case superseded
    }

    private(set) var step = Step.opening
    private(set) var refusal: Refusal?

    /// - Returns: false to abort the transfer before its next command.
    mutating func accept(_ reply: ServerReply, of publication: FTPPublication) -> Bool {
        // A failure ends the transfer by libcurl's own rules, and the step tells where.
        guard !reply.isFailure else { return true }
        switch (step, reply.code) {
        case (.opening, 125), (.opening, 150): step = .sending
        case (.opening, _): break
        case (.sending, 226), (.sending, 250): step = .sizing
        case (.sending, _): break
        case (.sizing, 213):
            let answer = reply.text.prefix { $0 != " " }
            guard Int64(answer) == publication.size else { return refuse(.wrongSize(String(answer.prefix(20)))) }
            guard publication.isCurrent() else { return refuse(.superseded) }
            step = .renaming
        case (.sizing, _): return refuse(.wrongSize("nothing"))
        case (.renaming, 250): step = .renamed
        case (.renaming, _), (.renamed, _): break
        }
        return true
    }

    private mutating func refuse(_ reason: Refusal) -> Bool {
        refusal = reason
        return false
    }
}

/// A range of a regular file, opened for reading in order, without following a link.
final class UploadFile {
    private let descriptor: Int32
    private let start: Int64
    private let size: Int64

    init(path: String, from start: Int64, size: Int64) throws(FTPError) {
        self.start = start
        self.size = size
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            // That it is not there, or a link, says something of this file; everything else is the machine's trouble.
            let isFatal = errno == ENOENT || errno == ELOOP
            throw FTPError(isFatal ? .fatal : .unavailable, message: "the file cannot be read: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, start >= 0, size >= 0,
            Int64(status.st_size) - start >= size
        else {
            throw FTPError(.fatal, message: "the file is not a regular file with \(size) bytes from \(start) on")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Fills `buffer` from `offset` in the range; nil when the file cannot be read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int? {
        while true {
            let count = pread(descriptor, buffer.baseAddress, min(buffer.count, Int(max(0, size - offset))), off_t(start + offset))
            if count >= 0 { return count }
            guard errno == EINTR else { return nil }
        }
    }
}
