import Files

/// Names of files: whatever comes in, what comes out is one plain name.
enum NameFuzzing {
    static func check(_ input: [UInt8]) throws {
        guard let name = try? FileName(cleaning: input) else { return }
        let value = name.value
        try FuzzFinding.unless((1...FileName.maximumByteCount).contains(value.utf8.count), "a name of \(value.utf8.count) bytes")
        try FuzzFinding.unless(!value.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character")
        try FuzzFinding.unless(!value.utf8.contains { [0x2F, 0x5C, 0x3A].contains($0) }, "a separator")
        try FuzzFinding.unless(!value.hasSuffix(".") && !value.hasSuffix(" ") && !value.hasPrefix(" "), "an end that Windows drops")
        let again = try? FileName(cleaning: value).value
        try FuzzFinding.unless(again?.utf8.elementsEqual(value.utf8) == true, "cleaned twice, \(value.debugDescription) is another name")
    }
}
