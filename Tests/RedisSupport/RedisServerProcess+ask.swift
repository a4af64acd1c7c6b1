public import Redis
public import TestSupport

extension RedisServerProcess {
    /// Sends one command over a connection of its own.
    @discardableResult
    public func ask(_ name: String, _ arguments: RedisArgument...) async throws -> RedisValue {
        let command = RedisCommand(name, arguments: arguments)
        return try await RedisClient.with("redis://127.0.0.1:\(port)") { try await $0.send(command, deadline: .seconds(10).stretched) }
    }

    /// How many commands it was given, scripts' own included, apart from what clients and tests ask about the server itself.
    public func commandCount() async throws -> Int {
        let text = try await ask("INFO", "commandstats").string ?? ""
        let asides: Set<Substring> = ["info", "config", "client", "hello", "ping", "role", "script"]
        return text.split(whereSeparator: \.isNewline).reduce(0) { sum, line in
            let parts = line.split(whereSeparator: { "_:|=,".contains($0) })
            guard parts.count > 3, parts[0] == "cmdstat", !asides.contains(parts[1]), let calls = parts.firstIndex(of: "calls") else {
                return sum
            }
            return sum + (Int(parts[calls + 1]) ?? 0)
        }
    }

    /// How often it has answered with an error of this code.
    public func errors(_ code: String) async throws -> Int {
        let text = try await ask("INFO", "errorstats").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("errorstat_\(code):count=") }
        return line.flatMap { Int($0.split(separator: "=")[1]) } ?? 0
    }
}

/// Asks again until `condition` holds.
///
/// - Throws: when that takes longer than half a minute, stretched.
public func awaitTruth(_ what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30).stretched
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw RedisServerFailure(description: "did not come true: \(what)")
}
