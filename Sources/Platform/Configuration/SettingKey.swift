/// One environment variable: what it is called, what it may hold, who reads it.
public struct SettingKey: Sendable {
    /// The processes that read settings.
    public enum Role: String, Sendable, CaseIterable {
        case web, worker
        /// A worker that serves the queue of mails.
        case mailer = "worker with mail"
        case cli
        /// Commands that touch queues and nothing else.
        case queues = "cli for queues"
        /// `sluice put`, `ls`, `get` and `rm`, which know nothing but where Web is.
        case client
    }

    /// What happens when the variable is absent or empty.
    public enum Presence: Sendable, Hashable {
        case required
        case optional
        case standard(String)
    }

    public let name: String
    /// The expected form, in words: `a duration such as 5s, 10m or 24h`.
    public let form: String
    public let presence: Presence
    public let roles: Set<Role>
    /// Its value is never shown, and may come from a file named by `<name>_FILE`.
    public let isSecret: Bool
    /// One sentence for the table in the README.
    public let documentation: String

    /// The variable that names a file holding the value; nil for settings that are not secret.
    public var fileName: String? { isSecret ? name + "_FILE" : nil }
}

/// A key together with the way from its text to a value.
struct Setting<Value: Sendable>: Sendable {
    let key: SettingKey
    let parse: @Sendable (String) throws(SettingRefusal) -> Value

    init(
        _ name: String, _ form: SettingForm<Value>, _ presence: SettingKey.Presence, _ roles: Set<SettingKey.Role>, _ documentation: String
    ) {
        key = SettingKey(
            name: name, form: form.words, presence: presence, roles: roles, isSecret: form.isSecret, documentation: documentation)
        parse = form.parse
    }
}

/// Why a text is refused; continues a sentence that begins with the name of the setting and shows nothing of a secret.
struct SettingRefusal: Error {
    let reason: String
}
