import Glibc

/// A letter with everything that makes it different from its shape in the book.
struct CaptchaLetter {
    typealias Point = SIMD2<Float>

    private let paths: [[Point]]
    private let columns: ClosedRange<Float>
    private let radius: Float
    private let lastRadius: Float

    var width: Float { columns.upperBound - columns.lowerBound }

    private init(paths: [[Point]], radius: Float, lastRadius: Float) {
        let columns = paths.joined().map(\.x)
        self.paths = paths
        self.columns = (columns.min() ?? 0) - radius...(columns.max() ?? 0) + radius
        self.radius = radius
        self.lastRadius = lastRadius
    }

    /// A glyph scaled, slanted and turned around its middle.
    init(_ glyph: CaptchaGlyph, height: Float, using generator: inout CaptchaGenerator) {
        let tall = height * generator.draw(0.48...0.6)
        let wide = tall * generator.draw(0.85...1.1)
        let turn = generator.draw(-0.32...0.32)
        let slant = generator.draw(-0.2...0.2)
        let paths = glyph.strokes.map { stroke in
            stroke.path(step: 0.08).map { point in
                let y = (point.y - 0.5) * tall
                let x = (point.x - glyph.width / 2) * wide + slant * y
                return Point(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn))
            }
        }
        // A brush stroke, thick at its start and as thin as the noise at its end: what takes away the noise breaks the letter.
        self.init(paths: paths, radius: height * generator.draw(0.034...0.042), lastRadius: height * generator.draw(0.016...0.0225))
    }

    func scaled(by factor: Float) -> Self {
        Self(paths: paths.map { path in path.map { $0 * factor } }, radius: radius * factor, lastRadius: lastRadius * factor)
    }

    func centered(at middle: Point) -> Self {
        let shift = middle - Point((columns.lowerBound + columns.upperBound) / 2, 0)
        return Self(paths: paths.map { path in path.map { $0 + shift } }, radius: radius, lastRadius: lastRadius)
    }

    func draw(on ink: inout CaptchaInk, bentBy wave: CaptchaWave) {
        for path in paths { ink.draw(path.map(wave.bend), radius: radius, to: lastRadius) }
    }
}
