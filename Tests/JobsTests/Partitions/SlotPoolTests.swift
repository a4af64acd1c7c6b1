import Jobs
import Testing

@Suite struct SlotPoolTests {
    @Test func oneMemberMayHaveAllSlots() {
        let pool = SlotPool(total: 4, members: 3)
        #expect(pool.reserve(1, needed: 100) == 4)
        #expect(pool.settle(1, needed: 4, wantsMore: true) == 4)
        #expect(pool.reserve(0, needed: 1) == 0)
    }

    @Test func whatIsNotNeededGoesBackUnlessMoreIsWanted() {
        let pool = SlotPool(total: 4, members: 2)
        #expect(pool.reserve(0, needed: 4) == 4)
        #expect(pool.settle(0, needed: 1, wantsMore: true) == 4)
        #expect(pool.settle(0, needed: 1, wantsMore: false) == 1)
        #expect(pool.reserve(1, needed: 9) == 3)
    }

    @Test func whoRanShortIsServedFirst() {
        let pool = SlotPool(total: 2, members: 3)
        #expect(pool.reserve(0, needed: 2) == 2)
        #expect(pool.settle(2, needed: 1, wantsMore: false) == 0)
        #expect(pool.settle(1, needed: 1, wantsMore: false) == 0)
        #expect(pool.settle(0, needed: 1, wantsMore: false) == 1)
        #expect(pool.held(by: 2) == 1 && pool.held(by: 1) == 0)
        #expect(pool.settle(0, needed: 0, wantsMore: false) == 0)
        #expect(pool.held(by: 1) == 1)
    }

    @Test func aMemberThatHasMoreGivesUpASlotWithEachJob() {
        let pool = SlotPool(total: 4, members: 2)
        #expect(pool.reserve(0, needed: 4) == 4)
        #expect(!pool.passOn(from: 0), "nobody is short")
        for held in [1, 2] {
            #expect(pool.settle(1, needed: 9, wantsMore: true) == held - 1)
            #expect(pool.passOn(from: 0))
            #expect(pool.held(by: 1) == held)
        }
        #expect(pool.settle(1, needed: 9, wantsMore: true) == 2)
        #expect(!pool.passOn(from: 0), "both have the same")
    }

    @Test func aSingleSlotGoesRound() {
        let pool = SlotPool(total: 1, members: 3)
        #expect(pool.reserve(0, needed: 1) == 1)
        for member in [1, 2] { _ = pool.settle(member, needed: 0, wantsMore: true) }
        var order: [Int] = []
        for _ in 0..<6 {
            let holder = (0..<3).first { pool.held(by: $0) == 1 } ?? 0
            order.append(holder)
            #expect(pool.passOn(from: holder))
            _ = pool.settle(holder, needed: 1, wantsMore: true)
        }
        #expect(order == [0, 1, 2, 0, 1, 2])
    }

    @Test func noOrderOfCallsMakesOrLosesASlot() {
        let (total, members) = (5, 4)
        let pool = SlotPool(total: total, members: members)
        for _ in 0..<20_000 {
            let member = Int.random(in: 0..<members)
            switch Int.random(in: 0..<3) {
            case 0: _ = pool.settle(member, needed: .random(in: 0...8), wantsMore: .random())
            case 1: _ = pool.reserve(member, needed: .random(in: 0...8))
            default: _ = pool.passOn(from: member)
            }
            let held = (0..<members).map { pool.held(by: $0) }
            #expect(held.allSatisfy { $0 >= 0 } && held.reduce(0, +) <= total)
        }
        for member in 0..<members { _ = pool.settle(member, needed: 0, wantsMore: false) }
        for member in 0..<members { _ = pool.settle(member, needed: 0, wantsMore: false) }
        #expect(pool.reserve(0, needed: total) == total)
    }
}
