import Foundation

/// An FTP server of a test's own.
public final class FTPServerProcess: Sendable {
    /// Which server.
    public enum Kind: Sendable {
        /// vsftpd; with TLS, data connections have to resume the session of the control connection.
        case vsftpd(tls: Bool)
        /// pyftpdlib, correct until told otherwise by `misbehave`.
        case hostile(tls: Bool)
    }

    public let port: Int
    public let user: String
    public let password: String
    /// PEM file for a client that is to trust the server.
    public let certificate: String
    /// The folder that holds the files.
    public let root: String
    private let faultsFile: String
    private let child: ServerChild

    public init(_ kind: Kind) throws {
        switch kind {
        case .vsftpd(let tls):
            let port = try LoopbackPort.free()
            child = try ServerChild(name: "vsftpd") { try Self.prepareVsftpd(folder: $0, port: port, tls: tls) }
            try child.awaitListener(on: port)
            self.port = port
            (user, password) = ("ftp", "test")
        case .hostile(let tls):
            child = try ServerChild(name: "ftpd") { folder in
                try FileManager.default.createDirectory(atPath: folder + "/root", withIntermediateDirectories: false)
                if tls { _ = try TestCertificate(in: folder) }
                let command = [
                    "/usr/bin/python3", ServerChild.scripts + "/hostile_ftpd.py", "--root", folder + "/root", "--faults",
                    folder + "/faults.json",
                ]
                return tls ? command + ["--cert", folder + "/both.pem"] : command
            }
            port = try child.announcedPort()
            (user, password) = ("test", "test")
        }
        certificate = child.folder + "/cert.pem"
        root = child.folder + "/root"
        faultsFile = child.folder + "/faults.json"
    }

    /// - Parameter faults: JSON as described in `Servers/hostile_ftpd.py`; takes effect with the next command.
    public func misbehave(_ faults: String) throws {
        try faults.write(toFile: faultsFile, atomically: true, encoding: .utf8)
    }

    public func stop() { child.stop() }

    /// The content of a file on the server; nil when there is none.
    public func content(of key: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(root)/\(key)").map { [UInt8]($0) }
    }

    /// Whether there is such an object with just these bytes. For tests, whose failure would print them otherwise.
    public func holds(_ bytes: [UInt8], as key: String) -> Bool { content(of: key) == bytes }

    /// Every file on the server, as paths from its root, sorted.
    public var files: [String] {
        let paths = FileManager.default.subpaths(atPath: root) ?? []
        var isDirectory: ObjCBool = false
        return paths.filter { FileManager.default.fileExists(atPath: "\(root)/\($0)", isDirectory: &isDirectory) && !isDirectory.boolValue }
            .sorted()
    }

    /// Changes the permissions of a file or directory, for instance to 0o555.
    public func setPermissions(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(root)/\(path)")
    }

    /// Puts a file on the server without FTP; the server may not be able to write to it.
    public func place(_ bytes: [UInt8], at path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(root)/\(path)"))
    }

    private static func prepareVsftpd(folder: String, port: Int, tls: Bool) throws -> [String] {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder + "/root", withIntermediateDirectories: false)
        try manager.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: false)
        try "test\n".write(toFile: folder + "/passwords", atomically: true, encoding: .utf8)
        if tls { _ = try TestCertificate(in: folder) }
        let owner = getuid() == 0 ? "www-data" : NSUserName()
        let switches = [
            "listen", "run_as_launching_user", "anonymous_enable", "secure_email_list_enable", "write_enable", "anon_upload_enable",
            "anon_mkdir_write_enable", "anon_other_write_enable", "pasv_enable",
        ]
        let off = [
            "listen_ipv6", "background", "local_enable", "no_anon_password", "anon_world_readable_only", "dirmessage_enable",
            "xferlog_enable", "connect_from_port_20", "seccomp_sandbox", "tcp_wrappers",
        ]
        var lines = switches.map { $0 + "=YES" } + off.map { $0 + "=NO" }
        lines += [
            "listen_address=127.0.0.1", "listen_port=\(port)", "ftp_username=\(owner)", "nopriv_user=\(owner)",
            "secure_chroot_dir=\(folder)/empty", "email_password_file=\(folder)/passwords", "anon_root=\(folder)/root", "anon_umask=022",
            "delay_failed_login=0", "max_clients=0", "max_per_ip=0",
        ]
        if tls {
            lines += ["ssl_enable", "allow_anon_ssl", "force_anon_logins_ssl", "force_anon_data_ssl", "require_ssl_reuse"].map {
                $0 + "=YES"
            }
            lines += ["rsa_cert_file=\(folder)/cert.pem", "rsa_private_key_file=\(folder)/key.pem", "ssl_ciphers=HIGH"]
        }
        let file = folder + "/vsftpd.conf"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        return ["/usr/sbin/vsftpd", file]
    }
}
