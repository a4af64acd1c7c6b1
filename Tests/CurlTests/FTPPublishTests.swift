import Curl
import FoundationEssentials
import Platform
import Synchronization
import TestSupport
import Testing

/// Against vsftpd, plain and with TLS where data connections must resume the control connection's session.
@Suite(.serialized) struct FTPPublishTests {
    @Test("a file arrives whole, whatever its size", arguments: [false, true], [0, 1, 4096, 65_536, 3_000_001])
    func sizes(tls: Bool, size: Int) async throws {
        try await FTPFixture.with(.vsftpd(tls: tls)) { fixture in
            let bytes = try await fixture.publish(size: size, as: "u/2026/11/a.bin")
            #expect(fixture.server.holds(bytes, as: "u/2026/11/a.bin"))
            #expect(fixture.server.files == ["u/2026/11/a.bin"])
        }
    }

    @Test("many files at once over few connections", arguments: [false, true])
    func many(tls: Bool) async throws {
        try await FTPFixture.with(.vsftpd(tls: tls), configure: { configuration, _ in configuration.maximumConnections = 4 }) { fixture in
            let (path, bytes) = try fixture.file(size: 5000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try await fixture.client.publish(
                            file: path, size: 5000, as: "d\(number % 7)/f\(number)", temporaryName: "d\(number % 7)/f\(number).1.part",
                            isCurrent: { true })
                    }
                }
                try await group.waitForAll()
            }
            #expect(fixture.server.files.count == 60)
            for name in fixture.server.files { #expect(fixture.server.holds(bytes, as: name)) }
        }
    }

    @Test("an older file of the same name is replaced")
    func replaces() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            _ = try await fixture.publish(size: 10, as: "k")
            let bytes = try await fixture.publish(size: 20, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
        }
    }

    @Test("H72 a worker that lost its lease renames nothing and leaves nothing")
    func superseded() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            let asked = Atomic(0)
            let error = try await fixture.failure(size: 100, as: "d/k") {
                asked.add(1, ordering: .relaxed)
                return false
            }
            #expect(error?.disposition == .superseded)
            #expect(asked.load(ordering: .relaxed) == 1)
            #expect(fixture.server.files == [])
            let bytes = try await fixture.publish(size: 50, as: "d/k")
            #expect(fixture.server.holds(bytes, as: "d/k"), "the client works on")
        }
    }

    @Test("a local file that is too short, a link or nothing at all is fatal and touches no server")
    func localFile() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            let (path, _) = try fixture.file(size: 10)
            for (file, offset, size) in [
                (path, 0, 11), (path, 5, 6), (path, -1, 5), (path, 11, 0), ("/nonexistent", 0, 10), ("/proc/self/exe", 0, 10),
                ("/tmp", 0, 10),
            ] as [(String, Int64, Int64)] {
                let error = await #expect(throws: FTPError.self) {
                    try await fixture.client.publish(
                        file: file, from: offset, size: size, as: "k", temporaryName: "k.1.part", isCurrent: { true })
                }
                #expect(error?.disposition == .fatal)
            }
            #expect(fixture.server.files == [])
        }
    }

    @Test("delete, size and list of what is there and what is not", arguments: [false, true])
    func others(tls: Bool) async throws {
        try await FTPFixture.with(.vsftpd(tls: tls)) { fixture in
            _ = try await fixture.publish(size: 1234, as: "d/e/k.txt")
            #expect(try await fixture.client.size(of: "d/e/k.txt") == 1234)
            #expect(try await fixture.client.size(of: "d/e/other") == nil)
            let entries = try await fixture.list("d/e")
            #expect(entries.map(\.name) == ["k.txt"])
            #expect(entries.first?.size == 1234)
            #expect(entries.first?.isDirectory == false)
            #expect(abs(entries.first?.modified?.timeIntervalSinceNow ?? 1e9) < 86_400)
            #expect(try await fixture.list("d").map(\.isDirectory) == [true])
            #expect(try await fixture.list("").map(\.name) == ["d"])
            #expect(try await fixture.list("nowhere") == [])
            #expect(try await fixture.client.delete("d/e/k.txt"))
            #expect(try await fixture.client.delete("d/e/k.txt") == false, "no such file is done")
            let bytes = try await fixture.publish(size: 77, as: "d/e/again")
            #expect(fixture.server.holds(bytes, as: "d/e/again"), "binary after a listing")
        }
    }

    @Test("transfers of every kind take turns on one connection", arguments: [false, true])
    func kinds(tls: Bool) async throws {
        try await FTPFixture.with(.vsftpd(tls: tls), configure: { configuration, _ in configuration.maximumConnections = 1 }) { fixture in
            for round in 0..<3 {
                let small = try await fixture.publish(size: 1000 + round, as: "d/small")
                let large = try await fixture.publish(size: 3_000_000 - round, as: "d/large")
                let again = try await fixture.publish(size: 999_999 + round, as: "d/large2")
                #expect(fixture.server.holds(small, as: "d/small"))
                #expect(fixture.server.holds(large, as: "d/large"))
                #expect(fixture.server.holds(again, as: "d/large2"))
                #expect(try await fixture.list("d").count == 3)
                #expect(try await fixture.client.size(of: "d/small") == Int64(1000 + round))
                #expect(try await fixture.client.delete("d/large"))
            }
        }
    }

    @Test("a server known by name; its address is looked up for every control connection")
    func byName() async throws {
        try await FTPFixture.with(.vsftpd(tls: false), configure: { configuration, _ in configuration.host = "localhost" }) { fixture in
            for size in [10, 20] {
                let bytes = try await fixture.publish(size: size, as: "d/k")
                #expect(fixture.server.holds(bytes, as: "d/k"))
            }
        }
    }

    @Test("a long listing comes in chunks, may be ended early, and leaves the connection usable")
    func longListing() async throws {
        try await FTPFixture.with(.vsftpd(tls: false), configure: { configuration, _ in configuration.maximumConnections = 1 }) { fixture in
            _ = try await fixture.publish(size: 1, as: "d/first")
            for number in 1..<1201 { try fixture.server.place([], at: "d/f\(number)") }
            let counts = Mutex<[Int]>([])
            try await fixture.client.list("d") { entries in
                counts.withLock { $0.append(entries.count) }
                return true
            }
            #expect(counts.withLock { $0 } == [500, 500, 201])
            counts.withLock { $0 = [] }
            try await fixture.client.list("d") { entries in
                counts.withLock { $0.append(entries.count) }
                return false
            }
            #expect(counts.withLock { $0 } == [500])
            let bytes = try await fixture.publish(size: 20, as: "d/k")
            #expect(fixture.server.holds(bytes, as: "d/k"))
        }
    }

    @Test("H73 a directory in which nothing may be made is the server's trouble")
    func storeDenied() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            _ = try await fixture.publish(size: 5, as: "d/k")
            try fixture.server.setPermissions(0o555, of: "d")
            let error = try await fixture.failure(size: 5, as: "d/l")
            #expect(error?.disposition == .unavailable)
            #expect(error?.replyCode == 553)
            try fixture.server.setPermissions(0o755, of: "d")
            let bytes = try await fixture.publish(size: 5, as: "d/l")
            #expect(fixture.server.holds(bytes, as: "d/l"))
        }
    }

    @Test("H73 vsftpd refuses to delete what exists: an error, not a success")
    func deleteDenied() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            _ = try await fixture.publish(size: 5, as: "d/k")
            try fixture.server.setPermissions(0o555, of: "d")
            let error = await #expect(throws: FTPError.self) { try await fixture.client.delete("d/k") }
            #expect(error?.disposition == .retry)
            #expect(error?.replyCode == 550)
            try fixture.server.setPermissions(0o755, of: "d")
        }
    }

    @Test("a server that has gone is unavailable, and comes back without a new client")
    func unavailable() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            _ = try await fixture.publish(size: 5, as: "a")
            fixture.server.stop()
            await fixture.engine.close()
        }
        try await FTPFixture.with(.vsftpd(tls: false), configure: { configuration, server in server.stop() }) { fixture in
            let error = try await fixture.failure(size: 5, as: "a")
            #expect(error?.disposition == .unavailable)
        }
    }

    @Test("H68 a certificate that nobody vouches for stops the transfer before the password is sent")
    func untrusted() async throws {
        try await FTPFixture.with(.vsftpd(tls: true), configure: { configuration, _ in configuration.certificateAuthority = nil }) {
            fixture in
            let error = try await fixture.failure(size: 5, as: "a")
            #expect(error?.disposition == .unavailable)
            #expect(error?.message.contains("SSL") == true)
            #expect(fixture.server.files == [])
        }
    }

    @Test("a wrong password is the configuration's fault: unavailable")
    func wrongPassword() async throws {
        try await FTPFixture.with(.vsftpd(tls: false), configure: { configuration, _ in configuration.password = .init("wrong") }) {
            fixture in
            let error = try await fixture.failure(size: 5, as: "a")
            #expect(error?.disposition == .unavailable)
            #expect(error?.replyCode == 530)
        }
    }

    @Test("work after the engine's end is refused, not hung")
    func closed() async throws {
        try await FTPFixture.with(.vsftpd(tls: false)) { fixture in
            _ = try await fixture.publish(size: 5, as: "a")
            await fixture.engine.close()
            let error = try await fixture.failure(size: 5, as: "b")
            #expect(error?.disposition == .cancelled)
        }
    }
}
