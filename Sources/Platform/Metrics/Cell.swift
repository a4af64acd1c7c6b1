import Synchronization

/// A whole number that only grows.
final class CountCell: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: UInt64 { bits.load(ordering: .relaxed) }

    func add(_ amount: UInt64) {
        bits.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        bits.store(0, ordering: .relaxed)
    }
}

/// A floating-point number; additions of concurrent threads are all counted.
final class NumberCell: Sendable {
    private let bits = Atomic<UInt64>(Double.zero.bitPattern)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let sum = Double(bitPattern: old) + amount
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: sum.bitPattern, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
