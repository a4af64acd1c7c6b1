import Logging
import Platform
import Postgres
import Testing

@Suite struct PostgresConfigurationTests {
    @Test func urlGivesAllParts() throws {
        let url = try ServiceURL("postgres://me:p%40ss@db.example:5433/sluice?sslmode=verify-full&sslrootcert=/etc/ca.pem&poolsize=3")
        let configuration = try PostgresConfiguration(url: url)
        #expect(configuration.host == "db.example")
        #expect(configuration.port == 5433)
        #expect(configuration.user == "me")
        #expect(configuration.password?.reveal() == "p@ss")
        #expect(configuration.database == "sluice")
        #expect(configuration.tls.mode == .verifyFull)
        #expect(configuration.tls.rootCertificate == "/etc/ca.pem")
        #expect(configuration.poolSize == 3)
    }

    @Test func defaultsAreThoseOfTheDocumentation() throws {
        let configuration = try PostgresConfiguration(url: try ServiceURL("postgres://me@localhost/db"))
        #expect(configuration.port == 5432)
        #expect(configuration.poolSize == 8)
        #expect(configuration.tls.mode == .prefer)
        #expect(configuration.password == nil)
    }

    @Test("a server elsewhere must prove who it is unless the operator says otherwise")
    func elsewhere() throws {
        let configuration = try PostgresConfiguration(url: try ServiceURL("postgres://me@db.example/db"))
        #expect(configuration.tls.mode == .verifyFull)
        #expect(configuration.tls.rootCertificate == "/etc/ssl/certs/ca-certificates.crt")
        #expect(try PostgresConfiguration(url: try ServiceURL("postgres://me@db.example/db?sslmode=disable")).tls.mode == .disable)
    }

    @Test(arguments: [
        "redis://me@localhost/0", "postgres://localhost/db", "postgres://me@localhost", "postgres://me@localhost/",
        "postgres://me@localhost/db?sslmode=on", "postgres://me@localhost/db?sslmod=require", "postgres://me@localhost/db?poolsize=0",
        "postgres://me@localhost/db?poolsize=many",
    ])
    func faultyURLIsRefused(_ text: String) throws {
        let url = try ServiceURL(text)
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .configuration)
    }

    @Test func poolRefusesNonsense() {
        var configuration = PostgresConfiguration(host: "localhost", user: "me", database: "db")
        configuration.statementTimeout = .zero
        let error = #expect(throws: PostgresError.self) { try PostgresPool(configuration: configuration, logger: Logger(label: "test")) }
        #expect(error?.code == .configuration)
    }
}
