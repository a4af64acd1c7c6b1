import Cryptography
import Files
import Foundation
import NIOCore
import Platform

/// A staging area in a directory of its own; removed afterwards.
enum TestStaging {
    static func with<T>(
        in parent: String = "/tmp", threads: Int = 4, configure: (inout StagingConfiguration) -> Void = { _ in },
        _ body: (StagingArea) async throws -> T
    ) async throws -> T {
        let root = "\(parent)/sluice-staging-\(UUIDv7())"
        var configuration = StagingConfiguration(root: root)
        configuration.reserveBytes = 0
        configuration.reserveInodes = 0
        configure(&configuration)
        let pool = BlockingPool(name: "staging", size: threads)
        let area = StagingArea(configuration: configuration, pool: pool)
        try area.prepare()
        let result: Result<T, any Error>
        do {
            result = .success(try await body(area))
        } catch {
            result = .failure(error)
        }
        await pool.shutDown()
        try FileManager.default.removeItem(atPath: root)
        return try result.get()
    }

    /// The entries of a directory.
    static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    static func content(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&block, 1, block.count, file)
            if count == 0 { return bytes }
            bytes += block[..<count]
        }
    }

    /// How many descriptors of this process are open on uploads or containers, removed ones included.
    static func descriptors(below root: String) -> Int {
        names(in: "/proc/self/fd").count { name in
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/\(name)", &buffer, buffer.count)
            guard count > 0 else { return false }
            let path = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: "/")
            return path.joined(separator: "/").hasPrefix(root.dropFirst()) && path.count > 2
                && path[path.count - 2] != "incoming" && UUIDv7(String(path[path.count - 1].prefix(36))) != nil
        }
    }
}

extension StagingArea {
    /// The uploads that are being received, as paths.
    var incoming: [String] {
        let root = configuration.root + "/incoming"
        return TestStaging.names(in: root).flatMap { process in
            TestStaging.names(in: "\(root)/\(process)").filter { $0 != "lock" }.map { "\(root)/\(process)/\($0)" }
        }
    }

    var ready: [String] { TestStaging.names(in: configuration.root + "/ready") }

    /// The staged bytes of a file; nil when they are not there.
    func content(of file: FileRecord) -> [UInt8]? {
        guard let container = TestStaging.content(of: path(of: file.place.container)) else { return nil }
        let start = Int(file.place.offset)
        guard container.count >= start + Int(file.size) else { return nil }
        return Array(container[start..<(start + Int(file.size))])
    }

    /// Receives bytes in pieces.
    func receive(_ bytes: [UInt8], pieces: Int = 65_536) async throws -> ReceivedFile {
        let upload = try await makeUpload(limit: Int64(bytes.count))
        var rest = bytes[...]
        while !rest.isEmpty {
            try await upload.write(ByteBuffer(bytes: rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        return try await upload.finish()
    }
}

/// Bytes that differ along the way, so that a missing or repeated piece is noticed.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            buffer[index] = UInt8(truncatingIfNeeded: state)
        }
        initialized = count
    }
}

/// The code of the `FilesError` that `body` throws; nil when it throws none.
func code(of body: () async throws -> Void) async -> FilesError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? FilesError)?.code
    }
}
