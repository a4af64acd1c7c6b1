import Client
import Cryptography
import Foundation
import Testing

@Suite("What the client remembers")
struct StateTests {
    private static let digest = SHA256Hasher.digest(of: [1])
    private static let receipt = PutReceipt(id: "1", name: "a b\nc", size: 3, sha256: "00")

    private func with(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-state-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func open(_ folder: String) throws -> UploadJournal { try #require(try UploadJournal.open(Self.digest, in: folder)) }

    @Test("an entry is there for the next run, only its owner's to read, and for one process at a time")
    func journal() throws {
        try with { folder in
            var entry: UploadJournal.Entry
            do {
                let journal = try #require(try UploadJournal.open(Self.digest, in: folder))
                #expect(try UploadJournal.open(Self.digest, in: folder) == nil)
                entry = try journal.entry()
                entry.upload = "/api/v1/uploads/x"
                try journal.write(entry)
            }
            let path = folder + "/uploads/\(Self.digest)"
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let journal = try #require(try UploadJournal.open(Self.digest, in: folder))
            #expect(try journal.entry() == entry)
            journal.remove()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("a removed entry that another process waited for is not what it gets")
    func removed() throws {
        try with { folder in
            let first = try #require(try UploadJournal.open(Self.digest, in: folder))
            let entry = try first.entry()
            first.remove()
            let second = try #require(try UploadJournal.open(Self.digest, in: folder))
            #expect(try second.entry() != entry)
        }
    }

    @Test("an entry that is torn or old begins anew", arguments: ["", "{", "{\"key\":", "\u{0}\u{0}"])
    func torn(content: String) throws {
        try with { folder in
            let path = folder + "/uploads/\(Self.digest)"
            try open(folder).write(.init(key: "old", upload: "/api/v1/uploads/old"))
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            #expect(try open(folder).entry().upload == nil)
            try open(folder).write(.init(key: "old", upload: "/api/v1/uploads/old"))
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -8 * 86_400)], ofItemAtPath: path)
            #expect(try open(folder).entry().key != "old")
        }
    }

    @Test("the log of a run keeps receipts and keys; another command has another log")
    func log() throws {
        try with { folder in
            let key: String
            do {
                let log = try #require(try RunLog.open(["put", "a"], in: folder))
                #expect(try RunLog.open(["put", "a"], in: folder) == nil)
                #expect(try log.receipt(of: Self.digest) == nil)
                key = log.key(of: Self.digest)
                #expect(key != log.key(of: SHA256Hasher.digest(of: [2])))
                try log.add(Self.receipt, of: Self.digest)
                #expect(try #require(try RunLog.open(["put", "b"], in: folder)).key(of: Self.digest) != key)
            }
            do {
                let log = try #require(try RunLog.open(["put", "a"], in: folder))
                #expect(try log.receipt(of: Self.digest) == Self.receipt)
                #expect(log.key(of: Self.digest) == key)
                log.remove()
            }
            #expect(try #require(try RunLog.open(["put", "a"], in: folder)).key(of: Self.digest) != key)
        }
    }

    @Test("a log of a week ago is no log: the command is a new one")
    func oldLog() throws {
        try with { folder in
            let key = try #require(try RunLog.open(["put"], in: folder)).key(of: Self.digest)
            #expect(try #require(try RunLog.open(["put"], in: folder)).key(of: Self.digest) == key)
            let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder + "/runs").first)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -8 * 86_400)], ofItemAtPath: folder + "/runs/" + name)
            #expect(try #require(try RunLog.open(["put"], in: folder)).key(of: Self.digest) != key)
        }
    }

    @Test("a line that is torn costs one receipt, not the log")
    func tornLog() throws {
        try with { folder in
            let key: String
            do {
                let log = try #require(try RunLog.open(["put"], in: folder))
                key = log.key(of: Self.digest)
                try log.add(Self.receipt, of: Self.digest)
                try log.add(Self.receipt, of: SHA256Hasher.digest(of: [2]))
            }
            let path = try #require(FileManager.default.contentsOfDirectory(atPath: folder + "/runs").first)
            let handle = try #require(FileHandle(forWritingAtPath: folder + "/runs/" + path))
            try handle.truncate(atOffset: handle.seekToEnd() - 10)
            do {
                let log = try #require(try RunLog.open(["put"], in: folder))
                #expect(log.key(of: Self.digest) == key)
                #expect(try log.receipt(of: Self.digest) == Self.receipt)
                #expect(try log.receipt(of: SHA256Hasher.digest(of: [2])) == nil)
                try log.add(Self.receipt, of: SHA256Hasher.digest(of: [3]))
            }
            // What is written behind the torn one is found.
            let log = try #require(try RunLog.open(["put"], in: folder))
            #expect(try log.receipt(of: SHA256Hasher.digest(of: [3])) == Self.receipt)
        }
    }

    @Test("a log of many lines is looked up on disk, each line found and no other, and leaves no index")
    func manyLines() throws {
        try with { folder in
            let count = 20_000
            func identity(_ number: Int) -> SHA256Digest { SHA256Hasher.digest(of: Array("\(number)".utf8)) }
            func receipt(_ number: Int) -> PutReceipt { PutReceipt(id: "\(number)", name: "n \(number)", size: 1, sha256: "00") }
            do {
                let log = try #require(try RunLog.open(["put"], in: folder))
                for number in 0..<count { try log.add(receipt(number), of: identity(number)) }
            }
            let log = try #require(try RunLog.open(["put"], in: folder))
            for number in 0..<count + 1000 {
                let found = try log.receipt(of: identity(number))
                try #require(found == (number < count ? receipt(number) : nil))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/runs").count == 1)
        }
    }

    @Test("no other program gets a file of these")
    func inherited() throws {
        try with { folder in
            let log = try #require(try RunLog.open(["put"], in: folder))
            let journal = try open(folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            let mine = names.filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(folder) == true
            }
            #expect(mine.count == 3)
            #expect(mine.compactMap { Int32($0) }.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
            withExtendedLifetime((log, journal)) {}
        }
    }

    @Test("what is older than a week goes, unless somebody holds it")
    func sweep() throws {
        try with { folder in
            let held = try #require(try RunLog.open(["held"], in: folder))
            for name in ["old", "new"] { _ = try RunLog.open([name], in: folder) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
            let past = Date(timeIntervalSinceNow: -8 * 86_400)
            for command in ["held", "old"] {
                let name = SHA256Hasher.digest(of: Array(command.utf8)).description
                try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: folder + "/runs/" + name)
            }
            RunLog.sweep(folder)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
            #expect(Set(names).subtracting(left) == [SHA256Hasher.digest(of: Array("old".utf8)).description])
            _ = held
        }
    }

    @Test("a walk takes what arguments name, follows no link below them, and has an end")
    func walk() throws {
        try with { folder in
            let manager = FileManager.default
            for path in ["b/z", "b/empty", "b/y/1"] {
                try manager.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
            }
            for path in ["a", "b/c", "b/y/1/d", "b/z/e"] { #expect(manager.createFile(atPath: "\(folder)/\(path)", contents: nil)) }
            try manager.createSymbolicLink(atPath: folder + "/b/loop", withDestinationPath: folder)
            try manager.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/a")
            #expect(mkfifo(folder + "/b/pipe", 0o600) == 0)
            let items = Array(FileWalk(["b/", "link", "a", "none"].map { folder + "/" + $0 }))
            let files = ["b/c", "b/y/1/d", "b/z/e", "link", "a"].map { FileWalk.Item.file(folder + "/" + $0, size: 0) }
            #expect(items == files + [.unreadable(folder + "/none", reason: "No such file or directory")])
        }
    }

    @Test("of a large folder some names at a time are in memory, and all come, in folders below too")
    func largeFolder() throws {
        try with { folder in
            let paths = (0..<25).map { "d/\($0)" } + (0..<7).map { "d/below/\($0)" }
            try FileManager.default.createDirectory(atPath: folder + "/d/below", withIntermediateDirectories: true)
            for path in paths { #expect(FileManager.default.createFile(atPath: folder + "/" + path, contents: Data([1, 2]))) }
            for names in [1, 2, 3, 26, 27, 100] {
                let items = Array(FileWalk([folder + "/d"], namesAtOnce: names))
                #expect(items.count == paths.count)
                #expect(Set(items) == Set(paths.map { .file(folder + "/" + $0, size: 2) }))
            }
        }
    }
}
