import Jobs
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2 * Patience.factor))) struct ZoneRulesTests {
    /// Offsets as Python's `zoneinfo` has them: at random instants of 1900 to 2200 in every zone, and on both sides of each change
    /// from 2005 to 2045 in some.
    private static let reference = PythonScript(
        """
        import datetime, random, sys, zoneinfo
        generator = random.Random(int(sys.argv[1]))
        def offset(zone, instant):
            moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=instant)
            return int(moment.astimezone(zone).utcoffset().total_seconds())
        for name in sorted(zoneinfo.available_timezones() - {"localtime"}):
            zone = zoneinfo.ZoneInfo(name)
            for _ in range(int(sys.argv[2])):
                instant = generator.randrange(-2208988800, 7258118400)
                print(name, instant, offset(zone, instant))
        for name in sys.argv[3:]:
            zone = zoneinfo.ZoneInfo(name)
            before = offset(zone, 1104537600)
            for hour in range(1104537600, 2366841600, 3600 * 12):
                after = offset(zone, hour)
                if after != before:
                    low, high = hour - 3600 * 12, hour
                    while high - low > 1:
                        middle = (low + high) // 2
                        if offset(zone, middle) == before: low = middle
                        else: high = middle
                    print(name, low, before)
                    print(name, high, after)
                before = after
        """)

    @Test func offsetsAreThoseThatPythonHas() async throws {
        let lines = try await Self.reference.run(
            "\(UInt32.random(in: 0...UInt32.max))", "150", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
            "Europe/Dublin", "Africa/Casablanca", "Asia/Gaza", "America/Santiago", "Pacific/Apia", "Asia/Tehran", "America/Nuuk"
        ).split(separator: "\n")
        var zones: [Substring: ZoneRules] = [:]
        var (compared, wrong) = (0, [Substring]())
        for line in lines {
            let parts = line.split(separator: " ")
            let (instant, offset) = (try #require(Int64(parts[1])), try #require(Int64(parts[2])))
            let zone = try zones[parts[0]] ?? ZoneRules(String(parts[0]))
            zones[parts[0]] = zone
            compared += 1
            if zone.offset(at: instant) != offset { wrong.append(line) }
        }
        print("time zones: \(compared) offsets of \(zones.count) zones compared, \(wrong.count) differ")
        #expect(wrong.isEmpty, "\(wrong.prefix(20))")
        #expect(zones.count > 300 && compared > 10_000)
    }

    @Test(
        "names that are none",
        arguments: [
            "", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "Europe/", "Europe//Berlin", "europe berlin", "localtime",
            "Europe/./Berlin", "zone.tab", "Europe/Berlin\0", String(repeating: "a", count: 100),
        ])
    func unknown(_ name: String) {
        let error = #expect(throws: ScheduleError.self) { try ZoneRules(name) }
        #expect(error?.code == .unknownZone)
        #expect(error?.description.contains("tzdata") == true)
    }

    @Test func utcNeedsNoDatabase() throws {
        #expect(try ZoneRules("UTC", database: "/nowhere").offset(at: 1_800_000_000) == 0)
        #expect(throws: ScheduleError.self) { try ZoneRules("Europe/Berlin", database: "/nowhere") }
    }

    /// A file of version 2 with two types, some transitions to the second, and a rule.
    private static func file(
        _ transitions: [Int64] = [], offsets: [Int32] = [3600, 7200], indices: [UInt8]? = nil, rule: String = "", leapSeconds: Int = 0
    ) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func header(_ counts: [Int]) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap { bytes(Int32($0)) }
        }
        var data = header([0, 0, 0, 0, 1, 1]) + bytes(Int32(0)) + [0, 0, 0]
        data += header([0, 0, leapSeconds, transitions.count, offsets.count, 4])
        data += transitions.flatMap { bytes($0) } + (indices ?? [UInt8](repeating: 1, count: transitions.count))
        data += offsets.flatMap { bytes($0) + [0, 0] } + Array("ABC\0".utf8) + [UInt8](repeating: 0, count: leapSeconds * 12)
        return data + Array("\n\(rule)\n".utf8)
    }

    @Test func aDamagedFileIsRefused() throws {
        let whole = Self.file([1000, 2000], rule: "CET-1CEST,M3.5.0,M10.5.0/3")
        let zone = try ZoneRules(identifier: "Test", file: whole)
        #expect(zone.offset(at: 999) == 3600 && zone.offset(at: 1000) == 7200)
        for length in 0..<whole.count {
            #expect(throws: ScheduleError.self, "cut to \(length)") { try ZoneRules(identifier: "Test", file: Array(whole[..<length])) }
        }
        let bad: [[UInt8]] = [
            Array("TZif".utf8) + [UInt8](repeating: 0xFF, count: 200), Self.file([2000, 1000]), Self.file([1000, 1000]),
            Self.file([1000], indices: [2]), Self.file([1000], offsets: []), Self.file([1000], offsets: [0, 200_000]),
            Self.file([1000], leapSeconds: 1),
        ]
        for file in bad {
            let error = #expect(throws: ScheduleError.self) { try ZoneRules(identifier: "Test", file: file) }
            #expect(error?.code == .unreadableZone)
        }
    }

    @Test("random bytes never trap")
    func fuzz() {
        var generator = SeededGenerator(state: .random(in: 0 ... .max))
        let whole = Self.file([1000, 2000], rule: "CET-1CEST,M3.5.0,M10.5.0/3")
        for _ in 0..<20_000 {
            var file = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                file[Int.random(in: 0..<file.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let zone = try? ZoneRules(identifier: "Test", file: file) { _ = zone.offset(at: 1_800_000_000) }
        }
    }

    @Test(
        "rules for the time behind the file",
        arguments: [
            ("UTC0", "2030-07-01T00:00:00Z", 0), ("<+0530>-5:30", "2030-07-01T00:00:00Z", 19_800),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2030-03-31T00:59:59Z", 3600), ("CET-1CEST,M3.5.0,M10.5.0/3", "2030-03-31T01:00:00Z", 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2030-10-27T00:59:59Z", 7200), ("CET-1CEST,M3.5.0,M10.5.0/3", "2030-10-27T01:00:00Z", 3600),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2030-12-31T23:59:59Z", 0), ("IST-1GMT0,M10.5.0,M3.5.0/1", "2030-07-01T00:00:00Z", 3600),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T00:59:59Z", -7200),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T01:00:00Z", -3600), ("XXX3EDT4,0/0,J365/23", "2030-12-31T23:59:59Z", -14_400),
            ("XXX3EDT4,0/0,J365/23", "2031-01-01T03:00:00Z", -14_400), ("AAA0BBB,J60,J300", "2032-03-01T01:59:59Z", 0),
            ("AAA0BBB,J60,J300", "2032-03-01T02:00:00Z", 3600), ("AAA0BBB,59,300", "2032-02-29T02:00:00Z", 3600),
            ("AAA0BBB,59,300", "2031-03-01T01:59:59Z", 0),
        ])
    func rules(_ rule: String, _ time: String, _ offset: Int64) throws {
        let zone = try ZoneRules(identifier: "Test", file: Self.file(rule: rule))
        #expect(try zone.offset(at: instant(time)) == offset)
    }

    @Test(
        "what is no rule",
        arguments: [
            "CET", "C-1", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J366", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0,", "<CET-1",
            "CET-1:60",
            "CET--1", "CET-1CEST-2-3,M3.5.0,M10.5.0",
        ])
    func noRules(_ rule: String) {
        #expect(throws: ScheduleError.self) { try ZoneRules(identifier: "Test", file: Self.file(rule: rule)) }
    }
}
