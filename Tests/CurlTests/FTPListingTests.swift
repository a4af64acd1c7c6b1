import Curl
import Foundation
import Platform
import Testing

@Suite struct FTPListingTests {
    @Test("MLSD lines")
    func machine() throws {
        let file = try #require(FTPListing.machineEntry("Type=file;Size=12;Modify=20261122210203.123;Perm=r; a b.txt"))
        #expect(file.name == "a b.txt")
        #expect(file.size == 12)
        #expect(file.modified == Date(timeIntervalSince1970: 1_795_381_323))
        #expect(!file.isDirectory)
        #expect(FTPListing.machineEntry("type=dir;modify=20260101000000; d")?.isDirectory == true)
        #expect(
            FTPListing.machineEntry("type=file;size=-1;modify=99999999999999; x")
                == FTPEntry(name: "x", size: nil, modified: nil, isDirectory: false))
    }

    @Test(
        "MLSD lines that are left out",
        arguments: ["type=cdir; .", "type=pdir; ..", "type=dir; ..", "type=file;", "", "size=3; x", "type=OS.unix=slink; l", "type=file; "])
    func machineSkipped(_ line: String) {
        #expect(FTPListing.machineEntry(line[...]) == nil)
    }

    @Test("Unix lines")
    func unix() throws {
        let now = (year: 2026, month: 11)
        let file = try #require(FTPListing.unixEntry("-rw-r--r--    1 33       33           4096 Nov 22 21:02 a  b.txt", now: now))
        #expect(file.name == "a  b.txt")
        #expect(file.size == 4096)
        #expect(file.modified == Date(timeIntervalSince1970: 1_795_381_320))
        for (year, now) in [(2025, (2026, 10)), (2026, (2026, 11)), (2026, (2026, 12)), (2025, (2026, 1))] {
            let entry = try #require(FTPListing.unixEntry("-rw-r--r-- 1 ftp ftp 1 Dec 31 10:00 x", now: now))
            #expect(
                entry.modified == CivilDate.date(year: year, month: 12, day: 31, hour: 10, minute: 0, second: 0),
                "last year's, unless the server's clock can be ahead by so little")
        }
        let newYear = try #require(FTPListing.unixEntry("-rw-r--r-- 1 ftp ftp 1 Jan  1 00:30 x", now: (2026, 12)))
        #expect(newYear.modified == CivilDate.date(year: 2027, month: 1, day: 1, hour: 0, minute: 30, second: 0))
        #expect(FTPListing.unixEntry("drwxr-xr-x 2 ftp ftp 4096 Jan  5  2020 d", now: now)?.isDirectory == true)
        #expect(FTPListing.unixEntry("-rw-r--r-- 1 ftp ftp 99999999999999999999 Foo 99 99:99 x", now: now)?.size == nil)
    }

    @Test(
        "Unix lines that are left out",
        arguments: ["total 12", "", "lrwxrwxrwx 1 a b 3 Nov 22 21:00 l -> x", "-rw", "drwxr-xr-x 2 f f 1 Jan 5 2020 ..", "????"])
    func unixSkipped(_ line: String) {
        #expect(FTPListing.unixEntry(line[...], now: (2026, 11)) == nil)
    }

    @Test("calendar", arguments: [(0, 1970, 1, 1), (59, 1970, 3, 1), (11_016, 2000, 2, 29), (20_779, 2026, 11, 22), (-1, 1969, 12, 31)])
    func calendar(_ days: Int, _ year: Int, _ month: Int, _ day: Int) {
        let date = CivilDate.components(ofDay: Int64(days))
        #expect(date == (Int64(year), Int64(month), Int64(day)))
        #expect(CivilDate.day(year: Int64(year), month: Int64(month), day: Int64(day)) == Int64(days))
        if days >= 0 {
            #expect(
                CivilDate.date(year: year, month: month, day: day, hour: 0, minute: 0, second: 0)
                    == Date(timeIntervalSince1970: Double(days) * 86_400))
        }
    }
}
