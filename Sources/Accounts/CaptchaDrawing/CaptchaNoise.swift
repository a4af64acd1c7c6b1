/// What makes a picture hard to take apart for a machine: lines, cuts and specks through the letters.
///
/// How thick they are decides between people and machines, so measure both after a change. Thinner lines can be filtered
/// away without the letters, thicker ones hide strokes. Numbers are pixels of the file.
enum CaptchaNoise {
    typealias Point = SIMD2<Float>

    static func add(to ink: inout CaptchaInk, using generator: inout CaptchaGenerator) {
        for _ in 0..<2 {
            ink.draw(sweep(over: ink, using: &generator), radius: generator.draw(2.4...3.6), to: generator.draw(2.4...3.6))
        }
        ink.draw(sweep(over: ink, using: &generator), radius: generator.draw(1...1.6), pen: .paper)
        for _ in 0..<2 { ink.draw(hook(on: ink, using: &generator), radius: generator.draw(1.8...2.8)) }
        for _ in 0..<40 { ink.draw([place(on: ink, using: &generator)], radius: generator.draw(0.6...2.4)) }
        for _ in 0..<70 { ink.draw([place(on: ink, using: &generator)], radius: generator.draw(0.8...2), pen: .paper) }
    }

    /// A line from the left edge to the right one that winds through the letters.
    private static func sweep(over ink: CaptchaInk, using generator: inout CaptchaGenerator) -> [Point] {
        let heights = Float(ink.height) * 0.25...Float(ink.height) * 0.75
        let points = (-1...5).map { step in
            Point(Float(ink.width) * (Float(step) + generator.draw(-0.25...0.25)) / 4, generator.draw(heights))
        }
        return CaptchaStroke.curve(points).path(step: 8)
    }

    /// A short bent line, like a piece of a letter.
    private static func hook(on ink: CaptchaInk, using generator: inout CaptchaGenerator) -> [Point] {
        let start = place(on: ink, using: &generator)
        let middle = start + Point(generator.draw(-20...20), generator.draw(-20...20))
        let end = middle + Point(generator.draw(-20...20), generator.draw(-20...20))
        return CaptchaStroke.curve([start, middle, end]).path(step: 4)
    }

    private static func place(on ink: CaptchaInk, using generator: inout CaptchaGenerator) -> Point {
        Point(generator.draw(0...Float(ink.width)), generator.draw(0...Float(ink.height)))
    }
}
