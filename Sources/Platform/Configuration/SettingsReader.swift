import Configuration
import FoundationEssentials
import Glibc

/// The settings that one process reads, all of them checked when the reader is made.
///
/// Values come from a `ConfigReader` over the environment, which knows the secret ones as such, so that an access log of
/// it redacts them. An empty variable counts as absent.
struct SettingsReader: Sendable {
    private let texts: [String: String]

    /// - Throws: one error with every missing, wrong or unknown setting.
    init(environment: [String: String], roles: Set<SettingKey.Role>) throws(SettingsError) {
        let secrets = Set(SettingsTable.keys.filter(\.isSecret).map(\.name))
        let reader = ConfigReader(
            provider: EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .specific(secrets)))
        var texts: [String: String] = [:]
        var problems: [SettingsError.Problem] = []
        for entry in SettingsTable.entries where !entry.key.roles.isDisjoint(with: roles) {
            do throws(SettingRefusal) {
                guard let text = try Self.text(of: entry.key, in: reader) else { continue }
                try entry.check(text)
                texts[entry.key.name] = text
            } catch {
                problems.append(.init(name: entry.key.name, reason: error.reason))
            }
        }
        problems += Self.unknownNames(in: environment)
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        self.texts = texts
    }

    /// The value of a setting that is required or has a default.
    func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        guard let value = try optional(setting) else {
            throw SettingsError(problems: [.init(name: setting.key.name, reason: "is not read by this process")])
        }
        return value
    }

    /// The value of a setting that may be absent.
    func optional<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
        guard let text = texts[setting.key.name] else { return nil }
        do { return try setting.parse(text) } catch { throw SettingsError(problems: [.init(name: setting.key.name, reason: error.reason)]) }
    }

    private static func text(of key: SettingKey, in reader: ConfigReader) throws(SettingRefusal) -> String? {
        let direct = lookUp(key.name, isSecret: key.isSecret, in: reader)
        if let fileName = key.fileName, let path = lookUp(fileName, isSecret: false, in: reader) {
            guard direct == nil else { throw SettingRefusal(reason: "and \(fileName) are both set") }
            return try contents(path, fileName)
        }
        if let direct { return direct }
        switch key.presence {
        case .optional: return nil
        case .standard(let text): return text
        case .required: throw SettingRefusal(reason: "is missing: \(key.form)")
        }
    }

    private static func lookUp(_ name: String, isSecret: Bool, in reader: ConfigReader) -> String? {
        let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
        return reader.string(forKey: key, isSecret: isSecret).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The file without the line break that editors put at its end.
    private static func contents(_ path: String, _ variable: String) throws(SettingRefusal) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SettingRefusal(reason: "cannot be read from \(variable): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        let limit = 65536
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in count = max(0, read(file, buffer.baseAddress, limit)) }
        guard !bytes.isEmpty, bytes.count < limit, var text = String(validating: bytes, as: UTF8.self) else {
            throw SettingRefusal(reason: "cannot be read from \(variable): the file is empty, too long or no text")
        }
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    private static func unknownNames(in environment: [String: String]) -> [SettingsError.Problem] {
        let known = Set(SettingsTable.keys.flatMap { [$0.name, $0.fileName ?? $0.name] })
        let unknown = environment.keys.filter { name in
            // SLUICE_TEST_… tells the tests where their servers are; it may be set around a process under test.
            name.hasPrefix("SLUICE_") && !name.hasPrefix("SLUICE_TEST_") && !known.contains(name)
        }
        return unknown.sorted().map { name in
            let nearest = known.sorted().map { (name: $0, distance: SettingText.distance(name, $0)) }.min { $0.distance < $1.distance }
            let hint = nearest.flatMap { $0.distance <= 4 ? "; did you mean \($0.name)?" : nil } ?? ""
            let shown = String(
                name.unicodeScalars.prefix(64).map { $0.isASCII && $0.value > 0x20 && $0.value != 0x7F ? Character($0) : "?" })
            return .init(name: shown, reason: "is not a setting\(hint)")
        }
    }
}

extension [String: String] {
    /// The environment of this process.
    package static var process: Self { ProcessInfo.processInfo.environment }
}
