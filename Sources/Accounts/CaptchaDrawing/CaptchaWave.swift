import Glibc

/// Two waves that bend the whole sheet, so that no stroke stays straight and no letter keeps its proportions.
struct CaptchaWave {
    private let across: Oscillation
    private let along: Oscillation

    init(using generator: inout CaptchaGenerator) {
        across = Oscillation(length: 90...150, height: 3.5...6, using: &generator)
        along = Oscillation(length: 150...260, height: 5...10, using: &generator)
    }

    func bend(_ point: SIMD2<Float>) -> SIMD2<Float> {
        point + SIMD2(across.value(at: point.y), along.value(at: point.x))
    }

    private struct Oscillation {
        let rate: Float
        let height: Float
        let phase: Float

        init(length: ClosedRange<Float>, height: ClosedRange<Float>, using generator: inout CaptchaGenerator) {
            rate = 2 * .pi / generator.draw(length)
            self.height = generator.draw(height)
            phase = generator.draw(0...(2 * .pi))
        }

        func value(at position: Float) -> Float { height * sin(rate * position + phase) }
    }
}
