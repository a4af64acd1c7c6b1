import Glibc

extension ZoneRules {
    /// Where Debian's package `tzdata` puts the database.
    public static let database = "/usr/share/zoneinfo"
    /// The largest zone has 4 KB.
    private static let largestFile = 1 << 18

    /// Reads a zone of the database. Reads a small file: to be called when a program starts, not while it serves.
    ///
    /// `UTC` needs no database.
    /// - Throws: `.unknownZone` or `.unreadableZone`.
    public init(_ identifier: String, database: String = ZoneRules.database) throws(ScheduleError) {
        if identifier == "UTC" {
            self = .utc
            return
        }
        guard Self.isName(identifier), let bytes = Self.read("\(database)/\(identifier)") else {
            throw ScheduleError(.unknownZone, "there is no time zone of this name in \(database); is tzdata installed?")
        }
        try self.init(identifier: identifier, file: bytes)
    }

    /// Names of the database only: nothing that leads out of it, nor the zone of this machine, which others may not share.
    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 64 && text != "localtime"
            && text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x5F: true
                        default: false
                        }
                    }
            }
    }

    /// - Returns: nil when there is no such file.
    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largestFile else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let result = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if result < 0, errno == EINTR { continue }
                guard result > 0 else { return }
                count += result
            }
        }
    }

    /// - Parameter file: in the form TZif, version 2 or later (RFC 8536).
    /// - Throws: `.unreadableZone`.
    package init(identifier: String, file: [UInt8]) throws(ScheduleError) {
        var reader = TZifReader(rest: file[...])
        guard let data = reader.read() else {
            throw ScheduleError(.unreadableZone, "the file of this time zone is damaged or of an old form")
        }
        guard data.leapSeconds == 0 else {
            throw ScheduleError(.unreadableZone, "this time zone counts leap seconds; server time does not")
        }
        self.init(identifier: identifier, initialOffset: data.initialOffset, transitions: data.transitions, rule: data.rule)
    }
}

/// Reads a file of the form TZif; nil wherever it is not one.
private struct TZifReader {
    struct Content {
        let initialOffset: Int64
        let transitions: [ZoneRules.Transition]
        let rule: ZoneRule?
        let leapSeconds: Int
    }

    /// How many of each a data block has, in the order of the header.
    struct Header {
        let version: UInt8
        let utIndicators, standardIndicators, leapSeconds, transitions, types, characters: Int

        func size(ofTime width: Int) -> Int {
            transitions * (width + 1) + types * 6 + characters + leapSeconds * (width + 4) + standardIndicators + utIndicators
        }
    }

    private static let mostOfAnything: Int64 = 100_000

    var rest: ArraySlice<UInt8>

    mutating func read() -> Content? {
        // The first block has times of 32 bits and is there for old readers.
        guard let old = header(), old.version >= UInt8(ascii: "2"), take(old.size(ofTime: 4)) != nil else { return nil }
        guard let header = header(), let data = block(header), let footer = footer() else { return nil }
        let rule = footer.isEmpty ? nil : ZoneRule(footer)
        guard footer.isEmpty || rule != nil else { return nil }
        return Content(initialOffset: data.initialOffset, transitions: data.transitions, rule: rule, leapSeconds: header.leapSeconds)
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func integer(_ width: Int) -> Int64? {
        guard let bytes = take(width), let first = bytes.first else { return nil }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    private mutating func header() -> Header? {
        guard let magic = take(4), magic.elementsEqual("TZif".utf8), let version = take(16)?.first else { return nil }
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(4), (0...Self.mostOfAnything).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version, utIndicators: counts[0], standardIndicators: counts[1], leapSeconds: counts[2], transitions: counts[3],
            types: counts[4], characters: counts[5])
    }

    private mutating func block(_ header: Header) -> (initialOffset: Int64, transitions: [ZoneRules.Transition])? {
        guard header.size(ofTime: 8) <= rest.count else { return nil }
        var instants: [Int64] = []
        for _ in 0..<header.transitions {
            guard let instant = integer(8), instants.last.map({ $0 < instant }) ?? true else { return nil }
            instants.append(instant)
        }
        guard let indices = take(header.transitions) else { return nil }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = integer(4), abs(offset) <= ZoneRules.largestOffset, take(2) != nil else { return nil }
            offsets.append(offset)
        }
        let others = header.characters + header.leapSeconds * 12 + header.standardIndicators + header.utIndicators
        guard let initial = offsets.first, indices.allSatisfy({ Int($0) < offsets.count }), take(others) != nil else { return nil }
        return (initial, zip(instants, indices).map { ZoneRules.Transition(instant: $0, offset: offsets[Int($1)]) })
    }

    private mutating func footer() -> ArraySlice<UInt8>? {
        guard rest.first == UInt8(ascii: "\n"), rest.count >= 2, rest.last == UInt8(ascii: "\n") else { return nil }
        return rest.dropFirst().dropLast()
    }
}
