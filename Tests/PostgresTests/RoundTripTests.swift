import FoundationEssentials
import Platform
import Postgres
import TestSupport
import Testing

@Suite(.requires(.postgres)) struct RoundTripTests {
    private func roundTrip<T: PostgresValue & Equatable>(_ value: T, _ type: String) async throws {
        try await Database.withPool { pool, _ in
            let rows = try await pool.query("SELECT \(value)::\(unsafeRaw: type) AS v")
            #expect(try rows[0].decode("v", as: T.self) == value)
            let null = try await pool.query("SELECT \(T?.none)::\(unsafeRaw: type) AS v")
            #expect(try null[0].decode("v", as: T?.self) == nil)
        }
    }

    @Test func everyScalarComesBack() async throws {
        for value in [Int.min, -1, 0, Int.max] { try await roundTrip(value, "bigint") }
        try await roundTrip(Int32.min, "integer")
        try await roundTrip(Int16.max, "smallint")
        for value in [true, false] { try await roundTrip(value, "boolean") }
        for value in [0, -0.1, .pi, 1e300, .leastNonzeroMagnitude, .infinity, -.infinity] { try await roundTrip(value, "double precision") }
        try await roundTrip(Float(0.3), "real")
        try await roundTrip(UUIDv7(), "uuid")
        try await roundTrip(UserID(rawValue: .max), "bigint")
        try await roundTrip(Colour.green, "text")
        for seconds in [0, -1.5, 1_795_381_141.25, -62_135_596_800, 253_402_300_799] {
            try await roundTrip(Date(timeIntervalSince1970: seconds), "timestamptz")
        }
        try await roundTrip([UInt8](), "bytea")
        try await roundTrip((0...255).map { UInt8($0) }, "bytea")
    }

    @Test(arguments: [
        "", " ", "'", "''; DROP TABLE x; --", "\"", "\\", "\\x00", "$1", "%s%n", "\u{1}\u{7f}", "ü🇨🇭👩‍👩‍👧 e\u{301}", "\u{202E}txt.exe", "NULL",
        "{a,b}", "line\r\nbreak", String(repeating: "x", count: 100_000),
    ])
    func hostileStringComesBack(_ text: String) async throws {
        try await roundTrip(text, "text")
        try await roundTrip([text, "", text], "text[]")
        try await roundTrip([text, nil], "text[]")
    }

    @Test func everyArrayComesBack() async throws {
        try await roundTrip([Int](), "bigint[]")
        try await roundTrip([Int.min, 0, Int.max], "bigint[]")
        try await roundTrip([UUIDv7(), UUIDv7()], "uuid[]")
        try await roundTrip([true, false], "boolean[]")
        try await roundTrip([1.5, -.infinity], "double precision[]")
        try await roundTrip([Date(timeIntervalSince1970: 0.25), Date(timeIntervalSince1970: 1e9)], "timestamptz[]")
        try await roundTrip([nil, 5] as [Int?], "bigint[]")
        try await roundTrip([[UInt8]](), "bytea[]")
        try await roundTrip([[0, 1, 255], []] as [[UInt8]], "bytea[]")
    }

    @Test func typesAreDeclaredSoThatNoCastIsNeeded() async throws {
        try await Database.withPool { pool, _ in
            let rows = try await pool.query("SELECT pg_typeof(\(1))::text, pg_typeof(\([UUIDv7()]))::text, pg_typeof(\(Date()))::text")
            #expect(try rows[0].decode(at: 0, as: String.self) == "bigint")
            #expect(try rows[0].decode(at: 1, as: String.self) == "uuid[]")
            #expect(try rows[0].decode(at: 2, as: String.self) == "timestamp with time zone")
        }
    }

    @Test func manyRowsAreInsertedAtOnceWithUnnest() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (id uuid PRIMARY KEY, name text, digest bytea, size bigint)")
            let ids = (0..<64).map { _ in UUIDv7() }
            let names = (0..<64).map { #"file "\#($0)", {x}\"# }
            let digests = (0..<64).map { index in (0..<32).map { UInt8(($0 * 7 + index) % 256) } }
            let inserted = try await pool.execute(
                """
                INSERT INTO \(unsafeRaw: table) SELECT * FROM unnest(\(ids), \(names)::text[], \(digests), \(Array(0..<64)))
                """)
            #expect(inserted == 64)
            let rows = try await pool.query("SELECT * FROM \(unsafeRaw: table) ORDER BY size")
            #expect(try rows.map { row in try row.decode("id", as: UUIDv7.self) } == ids)
            #expect(try rows.map { row in try row.decode("name", as: String.self) } == names)
            #expect(try rows.map { row in try row.decode("digest", as: [UInt8].self) } == digests)
            let found = try await pool.query("SELECT count(*) FROM \(unsafeRaw: table) WHERE id = ANY(\(Array(ids.prefix(3))))")
            #expect(try found[0].decode(at: 0, as: Int.self) == 3)
        }
    }

    @Test func aValueLargerThanTheSocketBufferComesBack() async throws {
        var bytes = [UInt8](repeating: 0xAB, count: 4 << 20)
        for index in stride(from: 0, to: bytes.count, by: 4099) { bytes[index] = UInt8(truncatingIfNeeded: index) }
        try await roundTrip(bytes, "bytea")
    }

    @Test func missingColumnsAndNullsAreErrors() async throws {
        try await Database.withPool { pool, _ in
            let row = try #require(try await pool.query("SELECT 1 AS one, NULL::bigint AS nothing, 2 AS one").first)
            #expect(row.columns == ["one", "nothing", "one"])
            #expect(try row.decode("one", as: Int.self) == 1)
            #expect(await postgresError { try row.decode("two", as: Int.self) }?.code == .decoding)
            #expect(await postgresError { try row.decode("nothing", as: Int.self) }?.code == .decoding)
            #expect(await postgresError { try row.decode(at: 3, as: Int.self) }?.code == .decoding)
            #expect(await postgresError { try row.decode(at: -1, as: Int.self) }?.code == .decoding)
        }
    }

    @Test("H29 a NUL character never reaches the server and leaves the connection in order")
    func nulIsRefused() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
            #expect(await postgresError { try await pool.query("SELECT \("a\0b")::text") }?.code == .misuse)
            #expect(await postgresError { try await pool.query(SQL(unsafeRaw: "SELECT 1\0; SELECT 2")) }?.code == .misuse)
            let rows = try await pool.query("SELECT 1")
            #expect(rows.count == 1)
            #expect(pool.statistics.connections == 1)
        }
    }
}
