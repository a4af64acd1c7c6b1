import NIOCore
import Testing
import Web

@Suite("Slow body meter")
struct SlowBodyMeterTests {
    private let start = NIODeadline.now()

    private func meter(rate: Int = 100, silence: TimeAmount = .hours(1000)) -> SlowBodyMeter {
        SlowBodyMeter(window: .seconds(10), minimumRate: rate, silence: silence, now: start)
    }

    private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    private func isTooSlow(_ meter: inout SlowBodyMeter, _ seconds: Int64) -> Bool { meter.isTooSlow(at: at(seconds)) }

    @Test("H22 silence is judged after a full window, not before")
    func silence() {
        var meter = meter()
        #expect(isTooSlow(&meter, 9) == false)
        #expect(isTooSlow(&meter, 10))
    }

    @Test("H22 one byte at a time is too slow, the minimum rate is not", arguments: [(1, true), (99, true), (100, false), (1000, false)])
    func rate(bytesPerSecond: Int, isCut: Bool) {
        var meter = meter()
        for second in 1...10 {
            meter.received(bytesPerSecond, at: at(Int64(second)))
            meter.beginWaiting(at: at(Int64(second)))
        }
        #expect(isTooSlow(&meter, 10) == isCut)
    }

    @Test("H22 who was fast and then says nothing is not judged by what was before, and not for time in which nothing was asked for")
    func silenceAfterSpeed() {
        var meter = meter(rate: 0, silence: .seconds(15))
        meter.received(1 << 20, at: at(9))
        meter.beginWaiting(at: at(12))
        #expect(meter.timeLeft(at: at(12)) == .seconds(1))
        #expect(isTooSlow(&meter, 13) == false)
        #expect(isTooSlow(&meter, 22) == false)
        #expect(isTooSlow(&meter, 26) == false)
        #expect(meter.timeLeft(at: at(26)) == .seconds(1))
        #expect(isTooSlow(&meter, 27))
    }

    @Test("H22 a phone that is away for 50 of 60 seconds goes on")
    func phone() {
        var meter = SlowBodyMeter(window: .seconds(60), minimumRate: 1024, silence: .hours(1), now: start)
        #expect(isTooSlow(&meter, 50) == false)
        meter.received(64 << 10, at: at(50))
        meter.beginWaiting(at: at(50))
        #expect(isTooSlow(&meter, 60) == false)
        #expect(isTooSlow(&meter, 119) == false)
        #expect(isTooSlow(&meter, 120))
    }

    @Test("H22 time in which nobody reads does not count")
    func backPressure() {
        var meter = meter()
        meter.received(1, at: at(1))
        #expect(isTooSlow(&meter, 1000) == false)
        meter.beginWaiting(at: at(1000))
        #expect(isTooSlow(&meter, 1008) == false)
        #expect(isTooSlow(&meter, 1009))
    }

    @Test("H22 a fast window is no credit for the next one")
    func noCredit() {
        var meter = meter()
        meter.received(1_000_000, at: at(10))
        meter.beginWaiting(at: at(10))
        #expect(isTooSlow(&meter, 10) == false)
        #expect(isTooSlow(&meter, 19) == false)
        #expect(isTooSlow(&meter, 20))
    }

    @Test("asking again while waiting does not restart the clock")
    func repeatedReads() {
        var meter = meter()
        for second in 1...9 { meter.beginWaiting(at: at(Int64(second))) }
        #expect(isTooSlow(&meter, 10))
    }

    @Test("a minimum rate of 0 is no limit")
    func noLimit() {
        var meter = meter(rate: 0)
        #expect(isTooSlow(&meter, 100_000) == false)
    }
}
