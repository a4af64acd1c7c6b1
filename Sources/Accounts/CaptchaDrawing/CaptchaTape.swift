/// Sound at 8 kHz that grows at its end and takes other sound over it.
struct CaptchaTape {
    private var samples: [Float] = []

    private static let rate = 8000

    var seconds: Float { Float(samples.count) / Float(Self.rate) }

    /// Adds silence.
    mutating func wait(_ seconds: Float) {
        samples.append(contentsOf: repeatElement(0, count: Int(seconds * Float(Self.rate))))
    }

    /// Adds a sound at its end, played ever faster or slower from the first speed to the last. Faster is higher too.
    mutating func record(_ sound: [Float], speed: Float, lastSpeed: Float, gain: Float) {
        samples.append(contentsOf: Self.played(sound, speed: speed, lastSpeed: lastSpeed, gain: gain))
    }

    /// Mixes in a sound; what would be after the end is left out.
    mutating func overlay(_ sound: [Float], at second: Float, speed: Float, gain: Float) {
        let start = Int(second * Float(Self.rate))
        for (index, sample) in zip(samples.indices.dropFirst(start), Self.played(sound, speed: speed, lastSpeed: speed, gain: gain)) {
            samples[index] += sample
        }
    }

    /// Mixes in noise that is louder in low tones, as of wind, and swells and fades.
    mutating func hiss(loudness: Float, using generator: inout CaptchaGenerator) {
        var low: Float = 0
        var swell: Float = 1
        var target: Float = 1
        for index in samples.indices {
            if index.isMultiple(of: Self.rate / 4) { target = generator.draw(0.5...1.5) }
            swell += (target - swell) / 1000
            // A sum of two even numbers: near enough to noise, and one draw for both.
            let bits = generator.next()
            let white = (Float(bits & 0xFFFF) + Float(bits >> 16 & 0xFFFF)) / 0xFFFF - 1
            low += (white - low) * 0.2
            samples[index] += (low * 2 + white * 0.5) * loudness * swell
        }
    }

    /// The sound as a WAV file of 8-bit samples.
    func wav() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(44 + samples.count + 1)
        let odd = samples.count % 2
        bytes.append(contentsOf: "RIFF".utf8)
        Self.append(UInt32(36 + samples.count + odd), to: &bytes)
        bytes.append(contentsOf: "WAVEfmt ".utf8)
        Self.append(16 as UInt32, to: &bytes)
        Self.append(1 as UInt16, to: &bytes)  // PCM
        Self.append(1 as UInt16, to: &bytes)  // mono
        Self.append(UInt32(Self.rate), to: &bytes)
        Self.append(UInt32(Self.rate), to: &bytes)  // bytes a second
        Self.append(1 as UInt16, to: &bytes)  // bytes a sample
        Self.append(8 as UInt16, to: &bytes)  // bits a sample
        bytes.append(contentsOf: "data".utf8)
        Self.append(UInt32(samples.count), to: &bytes)
        for sample in samples { bytes.append(UInt8(min(max(sample, -1), 1) * 127 + 128)) }
        if odd == 1 { bytes.append(0) }  // chunks have an even length
        return bytes
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func played(_ sound: [Float], speed: Float, lastSpeed: Float, gain: Float) -> [Float] {
        var played: [Float] = []
        let end = Float(sound.count - 1)
        var place: Float = 0
        while place < end {
            let left = Int(place)
            let part = place - Float(left)
            played.append(gain * (sound[left] * (1 - part) + sound[left + 1] * part))
            place += max(speed + (lastSpeed - speed) * place / end, slowest)
        }
        return played
    }

    /// What keeps a speed of nothing from lasting for ever.
    private static let slowest: Float = 0.1
}
