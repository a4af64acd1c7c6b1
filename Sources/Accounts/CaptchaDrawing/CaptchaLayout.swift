/// Where the letters of a picture stand, how large and how turned: no two alike, in one row from edge to edge.
struct CaptchaLayout {
    typealias Point = SIMD2<Float>

    let letters: [CaptchaLetter]

    init(_ text: CaptchaText, on ink: CaptchaInk, using generator: inout CaptchaGenerator) {
        let height = Float(ink.height)
        let shapes = text.letters.compactMap { letter in
            CaptchaGlyph(letter: letter).map { CaptchaLetter($0, height: height, using: &generator) }
        }
        let edge = height * generator.draw(0.08...0.16)
        let room = Float(ink.width) - 2 * edge
        // Wide letters are made smaller until they only just touch; narrow ones stand apart, but not too far to be one word.
        let needed = shapes.reduce(0) { $0 + $1.width }
        let scale = min(room / needed, 1.1)
        let gap = min((room - needed * scale) / Float(max(shapes.count - 1, 1)), height * 0.06)
        var x = (Float(ink.width) - needed * scale - gap * Float(shapes.count - 1)) / 2
        var letters: [CaptchaLetter] = []
        for shape in shapes {
            let letter = shape.scaled(by: scale)
            let drift = generator.draw(-0.07...0.07) * height
            letters.append(letter.centered(at: Point(x + letter.width / 2, height / 2 + drift)))
            x += letter.width + gap
        }
        self.letters = letters
    }
}
