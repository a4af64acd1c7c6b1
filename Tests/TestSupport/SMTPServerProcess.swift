import Foundation

/// A mail server of a test's own that keeps what it gets.
public final class SMTPServerProcess: Sendable {
    /// One message as it arrived.
    public struct Received: Sendable {
        public let sender: String
        public let recipients: [String]
        /// The client's port: equal for messages that came over one connection.
        public let clientPort: Int
        public let isEncrypted: Bool
        public let isAuthenticated: Bool
        /// Header and body with their line ends, dot-stuffing removed.
        public let content: [UInt8]
    }

    public let port: Int
    /// PEM file for a client that is to trust the server.
    public let certificate: String
    private let mail: String
    private let faultsFile: String
    private let child: ServerChild

    /// User name and password are `test`.
    ///
    /// - Parameter port: any free one unless given.
    public init(tls: Bool = false, requiresAuthentication: Bool = false, port wanted: Int = 0) throws {
        child = try ServerChild(name: "smtp") { folder in
            try FileManager.default.createDirectory(atPath: folder + "/mail", withIntermediateDirectories: false)
            if tls { _ = try TestCertificate(in: folder) }
            var command = [
                "/usr/bin/python3", ServerChild.scripts + "/smtp_sink.py", "--mail", folder + "/mail", "--faults", folder + "/faults.json",
                "--port", "\(wanted)",
            ]
            if tls { command += ["--cert", folder + "/both.pem", "--require-tls"] }
            if requiresAuthentication { command.append("--require-auth") }
            return command
        }
        port = try child.announcedPort()
        certificate = child.folder + "/cert.pem"
        mail = child.folder + "/mail"
        faultsFile = child.folder + "/faults.json"
    }

    /// - Parameter faults: JSON as described in `Servers/smtp_sink.py`; takes effect with the next command.
    public func misbehave(_ faults: String) throws {
        try faults.write(toFile: faultsFile, atomically: true, encoding: .utf8)
    }

    public func stop() { child.stop() }

    /// Everything that has arrived, in no order.
    public func received() throws -> [Received] {
        let names = try FileManager.default.contentsOfDirectory(atPath: mail).filter { $0.hasSuffix(".eml") }
        return try names.map { name in
            let bytes = [UInt8](FileManager.default.contents(atPath: "\(mail)/\(name)") ?? Data())
            let head = bytes.prefix { $0 != UInt8(ascii: "\n") }
            let envelope = try JSONDecoder().decode(Envelope.self, from: Data(head))
            return Received(
                sender: envelope.from, recipients: envelope.to, clientPort: envelope.peer, isEncrypted: envelope.tls,
                isAuthenticated: envelope.authenticated, content: Array(bytes.dropFirst(head.count + 1)))
        }
    }

    private struct Envelope: Decodable {
        let from: String
        let to: [String]
        let peer: Int
        let tls: Bool
        let authenticated: Bool
    }
}
