import Platform

/// What the content of a file may be, by the suffix of its name. Suffixes that are not here promise nothing.
enum TypeFamilies {
    /// - Parameter suffix: in lower case, without the dot.
    static func types(of suffix: String) -> [TypeRule]? { table[suffix] }

    private static let table: [String: [TypeRule]] = {
        var table: [String: [TypeRule]] = [:]
        for (suffixes, types) in families {
            // What is empty, or a byte long, may become anything.
            let rules = (types + " application/x-empty").split(separator: " ").compactMap { TypeRule(String($0)) }
            for suffix in suffixes.split(separator: " ") { table[String(suffix)] = rules }
        }
        return table
    }()

    private static let families = [
        ("png apng", "image/png image/apng"), ("jpg jpeg jpe jfif", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
        ("bmp", "image/bmp image/x-ms-bmp"), ("tif tiff", "image/tiff"), ("ico", "image/x-icon image/vnd.microsoft.icon image/png"),
        ("heic heif", "image/heic image/heif"), ("avif", "image/avif"), ("psd", "image/vnd.adobe.photoshop"),
        ("svg", "image/svg+xml text/xml text/plain"), ("pdf", "application/pdf"), ("ps eps", "application/postscript"),
        (
            "txt log md csv tsv ini conf yaml yml json",
            "text/* application/json application/x-ndjson application/csv application/javascript application/x-wine-extension-ini message/rfc822"
        ),
        ("htm html xhtml", "text/html text/xml application/xhtml+xml text/plain"),
        ("xml", "text/xml application/xml text/html text/plain image/svg+xml"),
        ("rtf", "text/rtf application/rtf"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document application/zip"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/zip"),
        ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation application/zip"),
        (
            "doc xls ppt",
            "application/msword application/vnd.ms-excel application/vnd.ms-powerpoint application/vnd.ms-office application/cdfv2"
        ),
        ("odt", "application/vnd.oasis.opendocument.text application/zip"),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet application/zip"), ("epub", "application/epub+zip application/zip"),
        ("zip", "application/zip"), ("jar", "application/java-archive application/zip"), ("gz tgz", "application/gzip application/x-gzip"),
        ("bz2", "application/x-bzip2"), ("xz", "application/x-xz"), ("zst", "application/zstd application/x-zstd"),
        ("7z", "application/x-7z-compressed"), ("rar", "application/x-rar application/vnd.rar"), ("tar", "application/x-tar"),
        ("mp3", "audio/mpeg"), ("wav", "audio/x-wav audio/wav"), ("flac", "audio/flac audio/x-flac"),
        ("ogg oga opus", "audio/ogg application/ogg video/ogg"),
        ("mp4 m4v", "video/mp4 video/x-m4v"), ("m4a", "audio/mp4 audio/x-m4a video/mp4"), ("mov", "video/quicktime"),
        ("webm", "video/webm"),
        ("mkv", "video/x-matroska"), ("avi", "video/x-msvideo"), ("mpg mpeg", "video/mpeg video/mpv"),
    ]
}
