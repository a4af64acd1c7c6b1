/// SplitMix64: the numbers behind a captcha's looks and noise, the same for the same seed.
///
/// They are no secrets, so nothing that is one may be drawn from them, the text of a captcha least of all.
struct CaptchaGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number between two bounds.
    mutating func draw(_ range: ClosedRange<Float>) -> Float {
        Float.random(in: range, using: &self)
    }

    /// A whole number between two bounds.
    mutating func draw(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }
}
