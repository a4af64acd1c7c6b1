import Testing

struct MultipartSpeedTests {
    /// By the processor time of this thread, and of several passes the best: what else the machine does hardly counts.
    @Test(
        "H10 line ends and begun boundaries are taken apart at half the speed of other bodies, or faster",
        .enabled(if: MultipartSpeedTests.isOptimized))
    func speed() throws {
        let samples = try FormSample.all().filter(\.isPlain)
        var best = samples.map { _ in Double.infinity }
        for round in 0..<50 {
            for (index, sample) in samples.enumerated() { best[index] = min(best[index], try sample.pass()) }
            if round >= 5, best.allSatisfy({ $0 < best[0] * 2 }) { return }
        }
        for (sample, time) in zip(samples, best) { #expect(time < best[0] * 2, "\(sample.name)") }
    }

    /// In a build without optimization only what the compiler leaves to the C library is fast.
    static let isOptimized: Bool = {
        var isOptimized = true
        assert(
            {
                isOptimized = false
                return true
            }())
        return isOptimized
    }()
}
