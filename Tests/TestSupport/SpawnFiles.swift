import Foundation
import Glibc

/// What a child gets as standard output and standard error, and our ends of it.
struct SpawnFiles {
    let output, errors: Int32
    let outputEnd, errorsEnd: FileHandle?

    init(output: ChildProcess.Stream, errors: ChildProcess.Stream?) throws {
        (self.output, outputEnd) = try Self.open(output)
        guard let errors else {
            (self.errors, errorsEnd) = (self.output, nil)
            return
        }
        (self.errors, errorsEnd) = try Self.open(errors)
    }

    /// Closes the child's ends here.
    func close() {
        Glibc.close(output)
        if errors != output { Glibc.close(errors) }
    }

    private static func open(_ stream: ChildProcess.Stream) throws -> (Int32, FileHandle?) {
        let descriptor: Int32
        switch stream {
        case .discarded: descriptor = Glibc.open("/dev/null", O_WRONLY | O_CLOEXEC)
        case .file(let path): descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        case .piped:
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw ChildProcess.NotStarted(description: "pipe: errno \(errno)") }
            return (ends[1], FileHandle(fileDescriptor: ends[0], closeOnDealloc: true))
        }
        guard descriptor >= 0 else { throw ChildProcess.NotStarted(description: "open: errno \(errno)") }
        return (descriptor, nil)
    }
}
