import Foundation

/// A certificate of a test's own: self-signed, for localhost and 127.0.0.1, for two days.
public struct TestCertificate: Sendable {
    struct Failed: Error {}

    public let certificate, key, both: String

    /// Makes `cert.pem`, `key.pem` and, with both in one, `both.pem`.
    public init(in folder: String) throws {
        (certificate, key, both) = (folder + "/cert.pem", folder + "/key.pem", folder + "/both.pem")
        let openssl = try ChildProcess([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
        guard openssl.wait() == 0 else { throw Failed() }
        let text = try [key, certificate].map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
        try text.write(toFile: both, atomically: true, encoding: .utf8)
    }
}
