/// Markup behind the beginning of something else: what is a picture to one reader is a page or a program to another.
///
/// libmagic looks for markup in text only, so a file that begins as `GIF89a` and goes on as `<script>` is a picture to it.
enum HiddenMarkup {
    private static let marks: [(text: [UInt8], type: String)] = [
        ("<?php", "text/x-php"), ("<!doctype html", "text/html"), ("<html", "text/html"), ("<head", "text/html"), ("<body", "text/html"),
        ("<script", "text/html"), ("<iframe", "text/html"), ("<svg", "image/svg+xml"),
    ].map { (Array($0.0.utf8), $0.1) }

    /// The type of the first markup in a head that is no text; nil where there is none, or the content is text anyway and its type
    /// says what it is.
    ///
    /// - Parameter type: what it begins as.
    static func type(in head: [UInt8], beginningAs type: String) -> String? {
        let isText =
            type.hasPrefix("text/") || type.hasPrefix("message/") || type.hasSuffix("+xml") || type.hasSuffix("/json")
            || type.hasSuffix("/javascript") || type.hasSuffix("/xml")
        guard !isText else { return nil }
        for start in head.indices where head[start] == .lessThan {
            let rest = head[start...]
            if let mark = marks.first(where: { mark in
                rest.count >= mark.text.count && zip(rest, mark.text).allSatisfy { $0.lowercasedASCII == $1 }
            }) {
                return mark.type
            }
        }
        return nil
    }
}
