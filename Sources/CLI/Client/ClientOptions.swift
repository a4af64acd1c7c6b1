import ArgumentParser
import Platform

/// What all commands have in common that use a Sluice somewhere.
struct ClientOptions: ParsableArguments {
    @Option(help: "A file with the lines url=… and token=…, instead of the environment and of ~/.config/sluice/client.")
    var config: String?

    @Flag(help: "Prints one JSON object a line.")
    var json = false

    @Option(help: "How long the server may be out of reach before it is given up.", transform: Self.duration)
    var patience: Duration = .seconds(600)

    static func duration(_ text: String) throws -> Duration {
        guard let duration = SettingText.duration(text) else { throw ValidationError("'\(text)' is no duration such as 30s, 10m or 2h") }
        return duration
    }

    static func size(_ text: String) throws -> Int64 {
        guard let size = SettingText.bytes(text) else { throw ValidationError("'\(text)' is no size such as 65536, 4MiB or 1GB") }
        return size
    }

    static func fileID(_ text: String) throws -> String {
        guard let id = UUIDv7(text) else { throw ValidationError("'\(text)' is no id of a file") }
        return id.description
    }
}

/// How many files go at a time, and whether that is shown.
struct TransferOptions: ParsableArguments {
    @Option(help: "How many files go at the same time, 1 to 64.")
    var parallel = 4

    @Flag(help: "Shows no progress; it is shown on a terminal only in any case.")
    var noProgress = false

    func validate() throws {
        guard (1...64).contains(parallel) else { throw ValidationError("--parallel takes 1 to 64") }
    }
}
