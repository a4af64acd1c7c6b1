import Platform
import Postgres
import Testing

@Suite struct SQLTests {
    @Test func interpolatedValuesBecomeNumberedParameters() {
        let owner = 7
        let name = "x'; DROP TABLE files; --"
        let sql: SQL = "SELECT * FROM files WHERE owner = \(owner) AND name = \(name) LIMIT 1"
        #expect(sql.text == "SELECT * FROM files WHERE owner = $1 AND name = $2 LIMIT 1")
        #expect(sql.parameters.map(\.content) == [.text(Array("7".utf8)), .text(Array(name.utf8))])
        #expect(sql.parameters.map(\.type) == [.bigint, .unspecified])
    }

    @Test func literalHasNoParameters() {
        let sql: SQL = "SELECT '$1'"
        #expect(sql.text == "SELECT '$1'")
        #expect(sql.parameters.isEmpty)
    }

    @Test func splicedStatementIsRenumbered() {
        let condition: SQL = "a = \(1) OR b = \(2)"
        let sql: SQL = "SELECT \(0) WHERE (\(sql: condition)) AND c = \(3)"
        #expect(sql.text == "SELECT $1 WHERE (a = $2 OR b = $3) AND c = $4")
        #expect(sql.parameters.map(\.content) == ["0", "1", "2", "3"].map { .text(Array($0.utf8)) })
    }

    @Test func appendingKeepsParametersInOrder() {
        var sql: SQL = "SELECT \(1)"
        sql.append(", \(2)")
        sql.append(" FROM x")
        #expect(sql.text == "SELECT $1, $2 FROM x")
    }

    @Test func rawTextIsInsertedAsItIs() {
        let sql: SQL = "SELECT 1 ORDER BY \(unsafeRaw: "name DESC"), \(true)"
        #expect(sql.text == "SELECT 1 ORDER BY name DESC, $1")
    }

    @Test func nilIsATypedNull() {
        let sql: SQL = "SELECT \(UUIDv7?.none), \([Int]?.none)"
        #expect(sql.parameters.map(\.content) == [.null, .null])
        #expect(sql.parameters[0].type == .uuid)
        #expect(sql.parameters[1].type == PostgresType(oid: 1016))
    }

    @Test("H29 a NUL character in a string parameter is refused, wherever the string is")
    func nulInAParameterIsRefused() {
        let alone: SQL = "SELECT \("a\0b")"
        let optional: SQL = "SELECT \(String?.some("\0"))"
        let element: SQL = "SELECT \(["a", "b\0"])"
        let spliced: SQL = "SELECT 1, \(sql: alone)"
        for sql in [alone, optional, element, spliced] { #expect(sql.problem?.code == .misuse) }
        let harmless: SQL = "SELECT \("a%00b\\0")"
        #expect(harmless.problem == nil)
    }
}
