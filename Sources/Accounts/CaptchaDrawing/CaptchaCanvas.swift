import CGD

/// A gd picture in sixteen shades from paper to ink; it owns gd's handle.
///
/// Sixteen, so that a pixel takes four bits and the file stays small, yet edges are smooth.
struct CaptchaCanvas: ~Copyable {
    private let image: gdImagePtr

    /// A picture of the ink on a sheet.
    ///
    /// - Returns: nil when gd has no memory for it.
    init?(_ ink: CaptchaInk) {
        guard let image = gdImageCreate(Int32(ink.width), Int32(ink.height)) else { return nil }
        self.image = image
        // In a new picture the colours get the numbers 0, 1, 2 …, so a shade is its colour's number.
        for shade in 0...Self.darkest {
            let color = Self.paper + (Self.ink - Self.paper) * (Float(shade) / Float(Self.darkest))
            _ = gdImageColorAllocate(image, Int32(color.x), Int32(color.y), Int32(color.z))
        }
        for row in 0..<ink.height {
            guard let pixels = image.pointee.pixels[row] else { continue }
            for column in 0..<ink.width {
                pixels[column] = UInt8(ink.coverage[row * ink.width + column] * Float(Self.darkest) + 0.5)
            }
        }
    }

    deinit {
        gdImageDestroy(image)
    }

    /// The picture as a PNG file; nil when there is no memory for it.
    func png() -> [UInt8]? {
        var count: Int32 = 0
        guard let bytes = gdImagePngPtrEx(image, &count, Self.compression) else { return nil }
        defer { gdFree(bytes) }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(max(count, 0))))
    }

    private static var paper: SIMD3<Float> { [0xE9, 0xEC, 0xF1] }
    private static var ink: SIMD3<Float> { [0x25, 0x33, 0x4D] }
    private static var darkest: Int { 15 }
    private static var compression: Int32 { 6 }
}
