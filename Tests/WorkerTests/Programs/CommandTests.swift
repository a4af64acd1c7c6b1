import Accounts
import DatabaseSupport
import Files
import Foundation
import Platform
import Postgres
import TestSupport
import Testing

/// `sluice` as operators run it.
@Suite("sluice", .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct CommandTests {
    @Test("migrate makes the schema, and has nothing to do the second time")
    func migrate() async throws {
        try await TestDatabase.with { database in
            let first = try await sluice(database, "migrate")
            let applied = [
                "1 accounts", "2 files", "3 signin", "4 delivery", "5 devices", "6 registrations", "7 disabled", "8 scopes", "9 uploads",
                "10 usage", "11 replies", "12 creations", "13 search", "14 areas",
            ]
            #expect(first.status == 0 && first.output == applied.map { "applied \($0)\n" }.joined())
            let second = try await sluice(database, "migrate")
            #expect(second.status == 0 && second.output == "nothing to do\n")
        }
    }

    @Test("user add, twice: the second is told that the name is taken")
    func userTwice() async throws {
        try await migrated { database in
            let first = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            #expect(first.status == 0 && first.output.hasPrefix("added user "))
            let second = try await sluice(database, "user", "add", "Ann", "--email", "other@example.org")
            #expect(second.status == 1 && second.output.isEmpty)
            #expect(second.errors.contains("the name is taken"))
        }
    }

    @Test("token add prints a token that works, and nothing else")
    func token() async throws {
        try await migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            let program = try await sluice(database, "token", "add", "ann")
            #expect(program.status == 0 && program.errors.isEmpty)
            let token = program.output.trimmingCharacters(in: .newlines)
            let user = try await TestDatabase.withPool(database.configuration) { pool in
                try await TokenStore(pool: pool).authenticate(token)
            }
            #expect(user?.name == "ann")
        }
    }

    @Test("token add --scope makes a token for that alone; a scope that is none is refused, with the names of those there are")
    func scopes() async throws {
        try await migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            let program = try await sluice(database, "token", "add", "ann", "--scope", "write", "--scope", "read")
            let user = try await TestDatabase.withPool(database.configuration) { pool in
                try await TokenStore(pool: pool).authenticate(program.output.trimmingCharacters(in: .newlines))
            }
            #expect(user?.scopes == [.read, .write])
            #expect(try await sluice(database, "token", "ls", "ann").output.contains("\tread,write\t"))
            let wrong = try await sluice(database, "token", "add", "ann", "--scope", "admin")
            #expect(wrong.status == 64 && wrong.output.isEmpty)
            for scope in TokenScope.allCases { #expect(wrong.errors.contains(scope.rawValue)) }
        }
    }

    @Test("token ls shows a user's tokens without their secrets, token revoke ends one of them")
    func revoke() async throws {
        try await migrated { database in
            for name in ["ann", "bob"] { _ = try await sluice(database, "user", "add", name, "--email", "\(name)@example.org") }
            let token = try await sluice(database, "token", "add", "ann", "--label", "nightly").output.trimmingCharacters(in: .newlines)
            let line = try await sluice(database, "token", "ls", "ann").output.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(line.count == 1 && line[0].count == 5 && line[0][2] == "never" && line[0][4] == "nightly")
            #expect(line.first?[3] == "read,write,delete")
            #expect(try await sluice(database, "token", "ls", "bob").output == "")
            let stranger = try await sluice(database, "token", "revoke", "bob", String(line[0][0]))
            #expect(stranger.status == 1 && stranger.errors.contains("bob has no token \(line[0][0])"))
            #expect(try await sluice(database, "token", "revoke", "ann", String(line[0][0])).status == 0)
            #expect(try await sluice(database, "token", "ls", "ann").output == "")
            let user = try await TestDatabase.withPool(database.configuration) { try await TokenStore(pool: $0).authenticate(token) }
            #expect(user == nil)
        }
    }

    @Test(
        "a user that does not exist is named in the error",
        arguments: [
            ["token", "add"], ["files", "ls"], ["files", "retry"], ["token", "ls"], ["user", "disable"], ["user", "enable"],
            ["user", "end-sessions"], ["audit"],
        ])
    func unknownUser(command: [String]) async throws {
        try await migrated { database in
            let program = try await sluice(database, command + ["bob"])
            #expect(program.status == 1 && program.output.isEmpty)
            #expect(program.errors.contains("there is no user named bob"))
        }
    }

    @Test("files retry takes up what was given up, and nothing else", .requires(.redis))
    func retry() async throws {
        try await migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            let (failed, other, staged) = (FileID(), FileID(), FileID())
            try await TestDatabase.withPool(database.configuration) { pool in
                _ = try await pool.execute(
                    """
                    INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset, state)
                    SELECT file, users.id, 'n', 12, 't', decode(repeat('0f', 32), 'hex'), 'k', \("t" + failed.description.suffix(12)), file, 0,
                        CASE WHEN file = \(staged) THEN 'staged' ELSE 'failed' END
                    FROM users, unnest(\([failed, other, staged])) AS file
                    """)
                _ = try await pool.execute("INSERT INTO files_outstanding SELECT id, id, state = 'failed' FROM files")
            }
            #expect(try await sluice(database, "files", "retry", "ann", "--id", "\(failed)").output == "\(failed)\n")
            let again = try await sluice(database, "files", "retry", "ann", "--id", "\(failed)")
            #expect(again.status == 1 && again.output.isEmpty && again.errors.contains("\(failed)"))
            #expect(try await sluice(database, "files", "retry", "ann").output == "\(other)\n")
            #expect(try await sluice(database, "files", "retry", "ann", "--id", "x").status == 64)
            let waiting = try await TestDatabase.withPool(database.configuration) { pool in
                try await pool.query("SELECT state FROM files JOIN files_outstanding ON file = id WHERE NOT given_up")
            }
            #expect(try waiting.map { try $0.decode("state", as: String.self) } == ["staged", "staged", "staged"])
        }
    }

    @Test("files ls prints a line for each file, newest first, over more than one page")
    func files() async throws {
        try await migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            #expect(try await sluice(database, "files", "ls", "ann").output == "")
            let ids = (0..<501).map { FileID(milliseconds: 1_732_000_000_000 + $0) }
            try await TestDatabase.withPool(database.configuration) { pool in
                _ = try await pool.execute(
                    """
                    INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
                    SELECT file, users.id, 'Plan ü.pdf', 12, 't', decode(repeat('0f', 32), 'hex'), 'k', 'a', file, 0
                    FROM users, unnest(\(ids)) AS file
                    """)
            }
            let program = try await sluice(database, "files", "ls", "ann")
            let lines = program.output.split(separator: "\n")
            #expect(program.status == 0 && lines.count == 501)
            let digest = String(repeating: "0f", count: 32)
            #expect(lines.first.map(String.init) == "\(ids[500])\tstaged\t12\t\(digest)\tPlan ü.pdf")
            #expect(lines.last?.hasPrefix(ids[0].description) == true)
        }
    }

    @Test("a database without the schema, or none at all, is an error in words and not a hang")
    func noDatabase() async throws {
        try await TestDatabase.with { database in
            let program = try await sluice(database, "token", "add", "ann")
            #expect(program.status == 1 && !program.errors.isEmpty)
        }
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        let program = try await sluice(url: "postgres://u:hush@127.0.0.1:\(port)/d", ["migrate"])
        #expect(program.status == 1 && !program.errors.isEmpty)
        #expect(!program.errors.contains("hush"))
    }

    @Test("settings that are missing are named, with the exit code for configuration")
    func settings() async throws {
        let program = try await Program.run("sluice", ["migrate"])
        #expect(program.status == 78)
        #expect(program.errors.contains("SLUICE_DATABASE_URL") && program.errors.contains("SLUICE_REDIS_URL"))
    }

    private func migrated(_ body: (TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            #expect(try await sluice(database, "migrate").status == 0)
            try await body(database)
        }
    }

    private func sluice(_ database: TestDatabase, _ arguments: String...) async throws -> Program {
        try await sluice(url: database.url, arguments)
    }

    private func sluice(_ database: TestDatabase, _ arguments: [String]) async throws -> Program {
        try await sluice(url: database.url, arguments)
    }

    private func sluice(url: String, _ arguments: [String]) async throws -> Program {
        try await Program.run(
            "sluice", arguments,
            environment: ["SLUICE_DATABASE_URL": url, "SLUICE_REDIS_URL": (try? TestServer.redis.url) ?? "redis://127.0.0.1"])
    }
}
