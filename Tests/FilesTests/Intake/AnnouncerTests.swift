import Cryptography
import Files
import Platform
import Synchronization
import TestSupport
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

    @Test("a burst is announced by itself when no more of it comes, however it ended")
    func burst() async {
        await running(patience: .seconds(3600)) { announcer, announced in
            for round in 1...2 {
                for _ in 0..<4 { announcer.expect() }
                announcer.settle(1, accepted: [Self.file("a")])
                announcer.settle(2, accepted: [Self.file("b")])
                announcer.settle(1, accepted: [])
                #expect(await eventually { announced() == Array(repeating: ["a", "b"], count: round) })
            }
        }
    }

    @Test("a file whose burst does not come to its end is announced all the same")
    func stuck() async {
        await running(patience: .milliseconds(20)) { announcer, announced in
            for _ in 0..<2 { announcer.expect() }
            announcer.settle(1, accepted: [Self.file("a")])
            #expect(await eventually { announced() == [["a"]] })
        }
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

    /// Runs an announcer beside `body`, which may ask for the names in each announcement until then.
    private func running(
        patience: Duration, _ body: (_ announcer: Announcer, _ announced: @Sendable () -> [[String]]) async -> Void
    ) async {
        let announced = Mutex<[[String]]>([])
        let announcer = Announcer(patience: patience, pause: .milliseconds(1)) { records in
            announced.withLock { $0.append(records.map(\.name)) }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await announcer.run() }
            await body(announcer) { announced.withLock { $0 } }
            announcer.finish()
        }
    }

    /// The names in each announcement, where nothing is announced for lack of more.
    private func announcements(patience: Duration, _ body: (Announcer) -> Void) async -> [[String]] {
        let announced = Mutex<[[String]]>([])
        let announcer = Announcer(patience: patience, pause: .seconds(3600)) { records in
            announced.withLock { $0.append(records.map(\.name)) }
        }
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
