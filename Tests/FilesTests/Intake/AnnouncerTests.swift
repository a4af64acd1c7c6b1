import Cryptography
import Files
import Platform
import Synchronization
import Testing

@Suite struct AnnouncerTests {
    @Test("files that come one after another are announced one by one")
    func single() async {
        let announced = await announcements(patience: .seconds(3600)) { announcer in
            for name in ["a", "b"] {
                announcer.expect()
                announcer.settle(1, accepted: [Self.file(name)])
            }
        }
        #expect(announced == [["a"], ["b"]])
    }

    @Test("a burst is announced when the last of it has come to its end, however it ended")
    func burst() async {
        let announced = await announcements(patience: .seconds(3600)) { announcer in
            for _ in 0..<4 { announcer.expect() }
            announcer.settle(1, accepted: [Self.file("a")])
            announcer.settle(2, accepted: [Self.file("b")])
            announcer.settle(1, accepted: [])
            announcer.expect()
            announcer.settle(1, accepted: [Self.file("c")])
        }
        #expect(announced == [["a", "b"], ["c"]])
    }

    @Test("nobody waits for a burst longer than that")
    func patience() async {
        let announced = await announcements(patience: .zero) { announcer in
            for _ in 0..<3 { announcer.expect() }
            announcer.settle(1, accepted: [Self.file("a")])
            announcer.settle(1, accepted: [Self.file("b")])
        }
        #expect(announced == [["a"], ["b"]])
    }

    @Test("what is held back is announced at the end")
    func end() async {
        let announced = await announcements(patience: .seconds(3600)) { announcer in
            for _ in 0..<2 { announcer.expect() }
            announcer.settle(1, accepted: [Self.file("a")])
        }
        #expect(announced == [["a"]])
    }

    @Test("a long burst is announced in pieces, of which the queue's absence leaves a bounded number")
    func pieces() async {
        let count = Announcer.size * 2 + 1
        let announced = await announcements(patience: .seconds(3600)) { announcer in
            announcer.expect()
            announcer.settle(1, accepted: (0..<count).map { Self.file(String($0)) })
        }
        #expect(announced.map(\.count) == [Announcer.size, Announcer.size, 1])
        #expect(announced.joined().map { $0 } == (0..<count).map { String($0) })
    }

    /// The names in each announcement.
    private func announcements(patience: Duration, _ body: (Announcer) -> Void) async -> [[String]] {
        let announced = Mutex<[[String]]>([])
        let announcer = Announcer(patience: patience) { records in announced.withLock { $0.append(records.map(\.name)) } }
        body(announcer)
        announcer.finish()
        await announcer.run()
        return announced.withLock { $0 }
    }

    private static func file(_ name: String) -> FileRecord {
        FileRecord(
            id: FileID(), owner: UserID(rawValue: 1), name: name, size: 1, contentType: "text/plain", sha256: SHA256Hasher().finish(),
            state: .staged, key: "1/" + name, area: "default")
    }
}
