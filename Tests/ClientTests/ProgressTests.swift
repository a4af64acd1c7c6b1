import Client
import Testing

@Suite("Progress")
struct ProgressTests {
    @Test("the rate is that of the last ten seconds")
    func rate() {
        var meter = RateMeter()
        #expect(meter.rate == nil)
        for second in 0...20 { meter.add(Int64(second) * 1000, at: .seconds(second)) }
        #expect(meter.rate == 1000)
        for second in 21...32 { meter.add(20_000, at: .seconds(second)) }
        #expect(meter.rate == 0)
    }

    @Test("what was there before counts as done, not as sent")
    func resumed() throws {
        let board = ProgressBoard()
        board.expect(files: 2, bytes: 120 << 20)
        _ = board.snapshot(at: .zero)
        let item = board.begin("dir/large", size: 100 << 20)
        board.start(item, at: 50 << 20)
        for step in 1...10 { board.update(item, 50 << 20 + Int64(step) << 20) }
        let snapshot = board.snapshot(at: .seconds(5))
        #expect(snapshot.bytes == 60 << 20)
        #expect(snapshot.rate == Double(2 << 20))
        #expect(snapshot.timeLeft == .seconds(30))
        #expect(ProgressLine.total(snapshot, width: 80) == "0 of 2 files  60.0 MiB of 120.0 MiB  2.0 MiB/s  0:30 left")
        board.end(item, isDone: true)
        #expect(board.snapshot(at: .seconds(6)).files == 1)
        #expect(board.snapshot(at: .seconds(6)).active.isEmpty)
    }

    @Test("time left moves: with the bytes of large files, with the number of small ones, and without those that failed or were there")
    func timeLeft() {
        let board = ProgressBoard()
        _ = board.snapshot(at: .zero)
        board.expect(files: 1000, bytes: 1000)
        for _ in 0..<200 { board.skip(size: 1) }
        #expect(board.snapshot(at: .seconds(1)).timeLeft == nil)
        for _ in 0..<100 {
            let item = board.begin("small", size: 1)
            board.update(item, 1)
            board.end(item, isDone: true)
        }
        #expect(board.snapshot(at: .seconds(2)).files == 300)
        #expect(board.snapshot(at: .seconds(2)).timeLeft == .seconds(14))
        for _ in 0..<100 { board.end(board.begin("refused", size: 1), isDone: false) }
        #expect(board.snapshot(at: .seconds(2)).timeLeft == .seconds(12))
        board.expect(files: 1001, bytes: 1_000_000)
        #expect(board.snapshot(at: .seconds(2)).timeLeft == .seconds(999_600 / 50))
        #expect(board.snapshot(at: .seconds(20)).timeLeft == nil, "nothing moves")
    }

    @Test("bytes that go again after a loss count as sent, those behind the offset that was told do not")
    func repeated() {
        let board = ProgressBoard()
        _ = board.snapshot(at: .zero)
        let item = board.begin("a", size: 1000)
        board.update(item, 600)
        board.start(item, at: 400)
        board.update(item, 1000)
        #expect(board.snapshot(at: .seconds(1)).rate == 1200)
        board.start(item, at: 0)
        #expect(board.snapshot(at: .seconds(1)).bytes == 0)
    }

    @Test("a bar has a name, a share and a size")
    func bar() {
        let board = ProgressBoard()
        let item = board.begin("dir/a.bin", size: 1 << 20)
        board.update(item, 1 << 19)
        let lines = ProgressLine.lines(board.snapshot(at: .zero), width: 60)
        #expect(lines.first?.hasPrefix("a.bin [====") == true)
        #expect(lines.first?.hasSuffix(">                ]  50 %     1.0 MiB") == true, "\(lines)")
        #expect(lines.count == 2)
    }

    @Test("H30 H38 no line is longer than the terminal or moves its cursor", arguments: [1, 10, 20, 40, 80, 200])
    func width(width: Int) {
        let board = ProgressBoard()
        for name in ["plain", "\u{1B}[2J\u{1B}]0;x\u{7}", "a\r\nb", "\u{202E}gpj.exe", String(repeating: "長", count: 100), ""] {
            let item = board.begin(name, size: 1000)
            board.update(item, 999)
        }
        for line in ProgressLine.lines(board.snapshot(at: .zero), width: width) {
            let columns = line.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
            #expect(columns <= width)
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0x202E })
        }
    }

    @Test("numbers as people read them")
    func numbers() {
        #expect(
            [0, 1023, 1024, 1536, 1 << 30, 1 << 60].map(ProgressLine.bytes) == [
                "0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 GiB", "1024.0 PiB",
            ])
        #expect(
            [0, 59, 60, 3599, 3600, 36_061].map { ProgressLine.clock(.seconds($0)) } == [
                "0:00", "0:59", "1:00", "59:59", "1:00:00", "10:01:01",
            ])
    }
}
