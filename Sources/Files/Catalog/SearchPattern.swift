import Foundation

/// Turns what a person types into a pattern for ILIKE.
package enum SearchPattern {
    /// - Returns: nil when nothing can match: the text is longer than any name, or holds a NUL.
    package static func make(containing text: String) -> String? {
        guard text.utf8.count <= 4 * FileName.maximumByteCount, !text.utf8.contains(0) else { return nil }
        let normal = text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
        var pattern = "%"
        for scalar in normal.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "\\" { pattern += "\\" }
            pattern.unicodeScalars.append(scalar)
        }
        return pattern + "%"
    }
}
