import Postgres
import Testing

@Suite struct PostgresErrorTests {
    @Test(arguments: [
        ("57014", PostgresError.Code.timeout), ("55P03", .timeout), ("57P01", .unavailable), ("08006", .unavailable),
        ("53300", .unavailable),
        ("25P03", .unavailable), ("23505", .server), ("40001", .server), ("42P01", .server),
    ])
    func sqlStateDecidesTheCode(_ state: String, _ code: PostgresError.Code) {
        #expect(PostgresError.classify(state).0 == code)
    }

    @Test func withoutSQLStateTheConnectionWasLost() {
        #expect(PostgresError.classify(nil).0 == .unavailable)
    }

    @Test func onlyWhatMayPassIsTransient() {
        #expect(PostgresError(.unavailable, "").isTransient)
        #expect(PostgresError(.timeout, "").isTransient)
        for code in [PostgresError.Code.server, .decoding, .closed, .cancelled, .misuse, .configuration] {
            #expect(!PostgresError(code, "").isTransient)
        }
    }
}
