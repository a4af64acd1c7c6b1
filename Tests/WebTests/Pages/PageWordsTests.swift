import FoundationEssentials
import Testing
import Web

@Suite("Words of pages")
struct PageWordsTests {
    @Test(
        "sizes by powers of 1000 in three digits, as the scripts have them",
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (4312, "4.3 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"),
            (999_499, "999 kB"), (999_500, "1.0 MB"), (5_000_000_000, "5.0 GB"), (107_374_182_400, "107 GB"),
            (.max, "9223 PB"),
        ] as [(Int64, String)])
    func size(bytes: Int64, text: String) {
        #expect(PageSize.text(bytes) == text)
    }

    @Test(
        "limits exactly, in whole units of either kind",
        arguments: [
            (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (1024, "1 KiB"), (1500, "1500 bytes"), (5_000_000_000, "5 GB"),
            (107_374_182_400, "100 GiB"), (107_374_182_401, "107374182401 bytes"), (1_536 << 20, "1536 MiB"),
            (.max, "9223372036854775807 bytes"),
        ] as [(Int64, String)])
    func limit(bytes: Int64, text: String) {
        #expect(PageSize.limit(bytes) == text)
    }

    @Test(
        "spans as a person would say them",
        arguments: [
            (0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (272, "4 minutes 32 seconds"), (900, "15 minutes"), (43_200, "12 hours"),
            (3661, "1 hour 1 minute"), (.max, "2562047788015215 hours 30 minutes"),
        ])
    func span(seconds: Int, text: String) {
        #expect(PageTime.span(seconds) == text)
    }

    @Test("moments, also those that no clock shows")
    func moments() {
        let moment = Date(timeIntervalSince1970: 1_777_809_720)
        #expect(PageTime.text(moment) == "3 May 2026, 12:02 UTC" && PageTime.iso(moment) == "2026-05-03T12:02:00.000Z")
        #expect(PageTime.date(Date(timeIntervalSince1970: 0)) == "1 Jan 1970")
        for time in [-1e300, 1e300, .infinity, -.infinity] {
            let moment = Date(timeIntervalSince1970: time)
            #expect(!PageTime.text(moment).isEmpty && PageTime.seconds(from: Date(timeIntervalSince1970: 0), to: moment) >= 0)
        }
    }
}
