/// The picture of a captcha.
///
/// A pure function of text and seed: it may be called from any thread, and the same arguments give the same bytes.
public enum CaptchaImage {
    /// The size at which a page shows the picture.
    public static let width = 220
    public static let height = 80
    /// Pixels of the file per pixel of the page, so that dense screens show sharp letters.
    public static let scale = 2

    /// A PNG file of `width * scale` by `height * scale` pixels with the letters of the text: bent, touching, crossed by
    /// lines and speckled.
    ///
    /// - Returns: nil when there is no memory for it.
    public static func png(of text: CaptchaText, seed: UInt64) -> [UInt8]? {
        var generator = CaptchaGenerator(seed: seed)
        var ink = CaptchaInk(width: width * scale, height: height * scale)
        let wave = CaptchaWave(using: &generator)
        for letter in CaptchaLayout(text, on: ink, using: &generator).letters { letter.draw(on: &ink, bentBy: wave) }
        CaptchaNoise.add(to: &ink, using: &generator)
        return CaptchaCanvas(ink)?.png()
    }
}
