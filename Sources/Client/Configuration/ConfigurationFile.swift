import Glibc
import Platform

/// A file with the lines `url=…` and `token=…`, which nobody but its owner may read.
enum ConfigurationFile {
    private static let maximumSize = 65_536

    static func read(_ path: String) throws(ConfigurationError) -> (PublicAddress, Secret) {
        let shown = PlainText.escape(path)
        let text = try contents(path, shown)
        var environment: [String: String] = [:]
        let names = ["url": "SLUICE_URL", "token": "SLUICE_TOKEN"]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.last == "\r" ? line.dropLast() : line
            if line.allSatisfy(\.isWhitespace) || line.first == "#" { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            guard parts.count == 2, let variable = names[parts[0]] else {
                throw ConfigurationError("\(shown), line \(index + 1): neither url=… nor token=…")
            }
            guard environment.updateValue(parts[1], forKey: variable) == nil else {
                throw ConfigurationError("\(shown), line \(index + 1): there is one such line already")
            }
        }
        let settings: Settings.Client
        do {
            settings = try Settings.Client(environment: environment)
        } catch {
            throw ConfigurationError("\(shown), where SLUICE_URL stands for url and SLUICE_TOKEN for token: \(error)")
        }
        guard let address = settings.address else { throw ConfigurationError("\(shown): there is no line url=…") }
        guard let token = settings.token else { throw ConfigurationError("\(shown): there is no line token=…") }
        return (address, token)
    }

    private static func contents(_ path: String, _ shown: String) throws(ConfigurationError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ConfigurationError("neither SLUICE_URL and SLUICE_TOKEN are set, nor can \(shown) be read: \(reason)")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw ConfigurationError("\(shown) is not a file") }
        guard status.st_uid == geteuid() else { throw ConfigurationError("\(shown) belongs to another user: chown \(getuid()) \(shown)") }
        guard status.st_mode & 0o077 == 0 else { throw ConfigurationError("others may read the token in \(shown): chmod 600 \(shown)") }
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumSize) { buffer, count in
            count = max(0, Glibc.read(file, buffer.baseAddress, maximumSize))
        }
        guard bytes.count < maximumSize, let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(shown) is too long or no text")
        }
        return text
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
