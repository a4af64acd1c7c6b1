/// Reads a PNG file whose pixels have four bits and stand for shades in a palette: the kind that captchas are. By itself,
/// so that gd does not judge its own work.
struct PNGReader {
    enum Flaw: Error, Equatable { case signature, chunk, checksum, kind, data }

    let width: Int
    let height: Int
    /// For every colour of the palette its red, green and blue.
    let palette: [[UInt8]]
    /// The palette's number of every pixel, row by row.
    let pixels: [UInt8]

    init(_ file: [UInt8]) throws(Flaw) {
        guard file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { throw .signature }
        let chunks = try Self.chunks(of: file[8...])
        guard chunks.first?.name == "IHDR", chunks.last?.name == "IEND", let head = chunks.first?.data, head.count == 13 else {
            throw .chunk
        }
        // Four bits, palette, and the only compression, filters and order that we accept.
        guard Array(head[8...]) == [4, 3, 0, 0, 0] else { throw .kind }
        width = Int(Self.number(head[0..<4]))
        height = Int(Self.number(head[4..<8]))
        let colors = chunks.first { $0.name == "PLTE" }?.data ?? []
        palette = stride(from: 0, to: colors.count - 2, by: 3).map { Array(colors[$0..<$0 + 3]) }
        guard var stream = Inflater(zlib: chunks.filter { $0.name == "IDAT" }.flatMap(\.data)), let bytes = stream.inflate() else {
            throw .data
        }
        pixels = try Self.pixels(bytes, width: width, height: height)
        guard pixels.allSatisfy({ [count = palette.count] in $0 < count }) else { throw .data }
    }

    /// How many pixels of some columns are nearer to ink than to paper.
    func dark(in columns: Range<Int>) -> Int {
        pixels.indices.count { columns.contains($0 % width) && pixels[$0] > 7 }
    }

    private static func chunks(of bytes: ArraySlice<UInt8>) throws(Flaw) -> [(name: String, data: [UInt8])] {
        var chunks: [(name: String, data: [UInt8])] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw .chunk }
            let length = Int(number(rest.prefix(4)))
            guard rest.count >= length + 12 else { throw .chunk }
            let body = rest.dropFirst(4).prefix(length + 4)
            guard number(rest.dropFirst(length + 8).prefix(4)) == checksum(of: body) else { throw .checksum }
            chunks.append((String(decoding: body.prefix(4), as: UTF8.self), Array(body.dropFirst(4))))
            rest = rest.dropFirst(length + 12)
        }
        return chunks
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0 as UInt32) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    /// Takes back the filters of the rows, then parts the bytes.
    private static func pixels(_ bytes: [UInt8], width: Int, height: Int) throws(Flaw) -> [UInt8] {
        let stride = (width + 1) / 2
        guard bytes.count == height * (stride + 1) else { throw .data }
        var above = [UInt8](repeating: 0, count: stride)
        var pixels: [UInt8] = []
        for row in 0..<height {
            let start = row * (stride + 1)
            var line = Array(bytes[start + 1..<start + 1 + stride])
            for index in 0..<stride {
                let left = index > 0 ? line[index - 1] : 0
                let corner = index > 0 ? above[index - 1] : 0
                guard let guess = guess(bytes[start], left: left, above: above[index], corner: corner) else { throw .data }
                line[index] &+= guess
            }
            pixels += line.flatMap { [$0 >> 4, $0 & 0xF] }.prefix(width)
            above = line
        }
        return pixels
    }

    private static func guess(_ filter: UInt8, left: UInt8, above: UInt8, corner: UInt8) -> UInt8? {
        switch filter {
        case 0: return 0
        case 1: return left
        case 2: return above
        case 3: return UInt8((Int(left) + Int(above)) / 2)
        case 4:
            let sum = Int(left) + Int(above) - Int(corner)
            return [left, above, corner].min { abs(sum - Int($0)) < abs(sum - Int($1)) }
        default: return nil
        }
    }
}
