import Redis

/// Redis with the errors of this module.
struct ScriptRunner: Sendable {
    let client: RedisClient

    func run(_ script: RedisScript, keys: [String], _ arguments: [RedisArgument]) async throws(AccountsError) -> RedisValue {
        do {
            return try await client.evaluate(script, keys: keys, arguments: arguments)
        } catch {
            throw AccountsError(error)
        }
    }

    func integers(_ script: RedisScript, keys: [String], _ arguments: [RedisArgument]) async throws(AccountsError) -> [Int64] {
        guard let values = try await run(script, keys: keys, arguments).array else { throw unexpected(script) }
        let numbers = values.compactMap(\.int)
        guard numbers.count == values.count else { throw unexpected(script) }
        return numbers
    }

    func integer(_ script: RedisScript, keys: [String], _ arguments: [RedisArgument]) async throws(AccountsError) -> Int64 {
        guard let number = try await run(script, keys: keys, arguments).int else { throw unexpected(script) }
        return number
    }

    func send(_ command: RedisCommand) async throws(AccountsError) -> RedisValue {
        do {
            return try await client.send(command)
        } catch {
            throw AccountsError(error)
        }
    }

    func unexpected(_ script: RedisScript) -> AccountsError {
        AccountsError(.unavailable, "script \(script.name) gave an unknown reply")
    }
}
