/// The lowest of the numbers put in, in order and each once: a page of a sequence that comes in any order.
package struct LowestNumbers {
    private let count: Int
    private let floor: Int64?
    package private(set) var numbers: [Int64] = []

    /// - Parameters:
    ///   - count: how many are kept.
    ///   - floor: only higher ones count.
    package init(count: Int, after floor: Int64?) {
        self.count = count
        self.floor = floor
    }

    package mutating func insert(_ number: Int64) {
        if let floor, number <= floor { return }
        if numbers.count == count, let highest = numbers.last, number >= highest { return }
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        if low < numbers.count, numbers[low] == number { return }
        if numbers.count == count { numbers.removeLast() }
        numbers.insert(number, at: low)
    }
}
