import Cryptography
import HTTPTypes
import Hummingbird
import NIOCore

/// Styles, scripts and the icon, each under an address with its digest, so that browsers may keep it for ever.
///
/// Scripts import each other by name. What a script imports is published first and its address written into the script, so that a
/// digest stands for all that is behind it.
package struct AssetStore: Sendable {
    private struct Asset {
        let type: String
        let body: ByteBuffer
    }

    static let folder = "/assets/"

    private var assets: [String: Asset] = [:]
    private var names: [String: String] = [:]

    /// Addresses by the names that templates use: `style`, `icon`, and each script by its own.
    package var addresses: [String: String] {
        var addresses: [String: String] = [:]
        for (file, name) in names {
            let key =
                switch file {
                case "sluice.css": "style";
                case "mark.svg": "icon";
                default: String(file.prefix { $0 != "." })
                }
            addresses[key] = Self.folder + name
        }
        return addresses
    }

    package init() {
        let sources = Dictionary(uniqueKeysWithValues: Self.sources.map { ($0, $1) })
        for file in sources.keys { publish(file, sources) }
    }

    /// The asset that an address names.
    ///
    /// - Throws: `APIError.notFound`.
    @Sendable func serve(_ request: Request, context: WebContext) throws -> Response {
        guard let name = context.parameters.get("name"), let asset = assets[name] else { throw APIError.notFound }
        let headers: HTTPFields = [
            .contentType: asset.type, .cacheControl: "public, max-age=31536000, immutable", .crossOriginResourcePolicy: "same-origin",
        ]
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }

    /// - Returns: the name under which it is served.
    @discardableResult
    private mutating func publish(_ file: String, _ sources: [String: [UInt8]]) -> String {
        if let name = names[file] { return name }
        var text = String(decoding: sources[file] ?? [], as: UTF8.self)
        for other in sources.keys where other != file && text.contains("\"./\(other)\"") {
            text.replace("\"./\(other)\"", with: "\"./\(publish(other, sources))\"")
        }
        let digest = SHA256Hasher.digest(of: Array(text.utf8)).description.prefix(16)
        let (stem, ending) = (file.prefix { $0 != "." }, file.drop { $0 != "." })
        let name = "\(stem).\(digest)\(ending)"
        names[file] = name
        assets[name] = Asset(type: Self.type(of: ending), body: ByteBuffer(string: text))
        return name
    }

    private static func type(of ending: Substring) -> String {
        switch ending {
        case ".css": "text/css; charset=utf-8"
        case ".js": "text/javascript; charset=utf-8"
        default: "image/svg+xml"
        }
    }

    private static var sources: KeyValuePairs<String, [UInt8]> {
        [
            "api.js": PackageResources.api_js, "captcha.js": PackageResources.captcha_js, "code.js": PackageResources.code_js,
            "confirm.js": PackageResources.confirm_js, "copy.js": PackageResources.copy_js, "dom.js": PackageResources.dom_js,
            "events.js": PackageResources.events_js, "files.js": PackageResources.files_js, "page.js": PackageResources.page_js,
            "password.js": PackageResources.password_js, "rows.js": PackageResources.rows_js, "session.js": PackageResources.session_js,
            "transfer.js": PackageResources.transfer_js, "upload.js": PackageResources.upload_js,
            "sluice.css": PackageResources.sluice_css, "mark.svg": PackageResources.mark_svg,
        ]
    }
}
