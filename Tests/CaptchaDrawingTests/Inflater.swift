/// Unpacks a zlib stream (RFC 1950 and 1951), simply and slowly.
struct Inflater {
    private let bytes: [UInt8]
    private var position: Int
    private var output: [UInt8] = []

    /// - Returns: nil when the stream does not start as one.
    init?(zlib: [UInt8]) {
        guard zlib.count > 6, zlib[0] & 0xF == 8, (Int(zlib[0]) << 8 | Int(zlib[1])).isMultiple(of: 31) else { return nil }
        bytes = zlib
        position = 16
    }

    /// - Returns: nil when the stream is broken.
    mutating func inflate() -> [UInt8]? {
        var last = false
        while !last {
            guard let final = bits(1), let kind = bits(2) else { return nil }
            last = final == 1
            switch kind {
            case 0: guard copy() else { return nil }
            case 1: guard unpack(Self.fixedLiterals, Self.fixedDistances) else { return nil }
            case 2: guard let (literals, distances) = codes(), unpack(literals, distances) else { return nil }
            default: return nil
            }
        }
        let sum = (position + 7) / 8
        guard bytes.count == sum + 4, bytes[sum...].reduce(0, { $0 << 8 | UInt32($1) }) == adler() else { return nil }
        return output
    }

    private mutating func bits(_ count: Int) -> Int? {
        guard position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for bit in 0..<count {
            value |= Int(bytes[position / 8] >> (position % 8) & 1) << bit
            position += 1
        }
        return value
    }

    private mutating func symbol(_ code: Code) -> Int? {
        var value = 0
        for length in 1...15 {
            guard let bit = bits(1) else { return nil }
            value = value << 1 | bit
            if let symbol = code[CodeKey(length: length, value: value)] { return symbol }
        }
        return nil
    }

    private mutating func copy() -> Bool {
        position = (position + 7) / 8 * 8
        guard let count = bits(16), let complement = bits(16), count == ~complement & 0xFFFF else { return false }
        guard position / 8 + count <= bytes.count else { return false }
        output += bytes[position / 8..<position / 8 + count]
        position += count * 8
        return true
    }

    private mutating func unpack(_ literals: Code, _ distances: Code) -> Bool {
        while let symbol = symbol(literals) {
            if symbol == 256 { return true }
            if symbol < 256 {
                output.append(UInt8(symbol))
                continue
            }
            guard symbol < 286, let extra = bits(Self.lengths[symbol - 257].extra) else { return false }
            guard let place = self.symbol(distances), place < 30, let far = bits(Self.distances[place].extra) else { return false }
            let distance = Self.distances[place].base + far
            guard distance <= output.count else { return false }
            for _ in 0..<Self.lengths[symbol - 257].base + extra { output.append(output[output.count - distance]) }
        }
        return false
    }

    /// The codes at the start of a block that brings its own.
    private mutating func codes() -> (Code, Code)? {
        guard let literals = bits(5), let distances = bits(5), let count = bits(4) else { return nil }
        var lengths = [Int](repeating: 0, count: 19)
        for place in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(count + 4) {
            guard let length = bits(3) else { return nil }
            lengths[place] = length
        }
        let code = Self.code(lengths)
        var all: [Int] = []
        while all.count < literals + 257 + distances + 1 {
            guard let symbol = symbol(code) else { return nil }
            switch symbol {
            case 16:
                guard let length = all.last, let times = bits(2) else { return nil }
                all += repeatElement(length, count: times + 3)
            case 17, 18:
                guard let times = bits(symbol == 17 ? 3 : 7) else { return nil }
                all += repeatElement(0, count: times + (symbol == 17 ? 3 : 11))
            default: all.append(symbol)
            }
        }
        return (Self.code(Array(all[..<(literals + 257)])), Self.code(Array(all[(literals + 257)...])))
    }

    private func adler() -> UInt32 {
        var (low, high) = (1 as UInt32, 0 as UInt32)
        for byte in output {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        return high << 16 | low
    }
}

extension Inflater {
    fileprivate typealias Code = [CodeKey: Int]

    fileprivate struct CodeKey: Hashable {
        let length: Int
        let value: Int
    }

    /// The code of symbols of which only the lengths are known: in order of length, then of symbol.
    fileprivate static func code(_ lengths: [Int]) -> Code {
        var code: Code = [:]
        var value = 0
        for length in 1...15 {
            for (symbol, own) in lengths.enumerated() where own == length {
                code[CodeKey(length: length, value: value)] = symbol
                value += 1
            }
            value <<= 1
        }
        return code
    }

    fileprivate static var fixedLiterals: Code {
        code((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    }
    fileprivate static var fixedDistances: Code { code([Int](repeating: 5, count: 30)) }

    /// What the symbols from 257 on mean: the shortest length, and how many bits to add follow.
    fileprivate static let lengths: [(base: Int, extra: Int)] = steps(28, each: 4, first: 3) + [(258, 0)]
    fileprivate static let distances: [(base: Int, extra: Int)] = steps(30, each: 2, first: 1)

    /// Numbers in groups of `each`: the first two groups count singly, each later one in steps twice as large as before.
    private static func steps(_ count: Int, each: Int, first: Int) -> [(base: Int, extra: Int)] {
        var steps: [(base: Int, extra: Int)] = []
        var base = first
        for index in 0..<count {
            let extra = max(index / each - 1, 0)
            steps.append((base, extra))
            base += 1 << extra
        }
        return steps
    }
}
