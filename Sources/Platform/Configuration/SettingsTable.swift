/// Every setting there is. Code, checks and the table in the README come from here.
public enum SettingsTable {
    /// In the order of the README.
    public static var keys: [SettingKey] { entries.map(\.key) }

    /// A setting whose value type no longer matters.
    struct Entry: Sendable {
        let key: SettingKey
        let check: @Sendable (String) throws(SettingRefusal) -> Void

        init<Value>(_ setting: Setting<Value>) {
            key = setting.key
            check = { (text) throws(SettingRefusal) in _ = try setting.parse(text) }
        }
    }

    static let entries: [Entry] = [
        Entry(databaseURL), Entry(redisURL), Entry(queuePartitions), Entry(ftpURL), Entry(ftpCertificateAuthority),
        Entry(smtpURL), Entry(smtpCertificateAuthority), Entry(mailSender), Entry(publicAddress), Entry(signInKey), Entry(sessionIdle),
        Entry(sessionLifetime), Entry(trustedProxies), Entry(demo),
        Entry(staging), Entry(stagingArea), Entry(stagingReserve), Entry(listen), Entry(webProbe), Entry(workerProbe),
        Entry(maximumFileSize), Entry(maximumFilesPerRequest),
        Entry(uploadsPerUser), Entry(uploads), Entry(burst), Entry(quotaBytes), Entry(quotaFiles), Entry(typesAllowed), Entry(typesDenied),
        Entry(typesMatch), Entry(uploadLifetime), Entry(openUploads), Entry(connections), Entry(databaseConnections), Entry(logLevel),
        Entry(accelPrefix), Entry(partAge),
        Entry(orphanAge),
        Entry(reconcileInterval), Entry(drainTimeout), Entry(idleTimeout), Entry(minimumRate), Entry(rateWindow),
        Entry(clientAddress), Entry(clientToken),
    ]

    static let databaseURL = Setting(
        "SLUICE_DATABASE_URL", .url("postgres"), .required, [.web, .worker, .cli],
        "Postgres, `postgres://user:password@host:port/database`; elsewhere than on loopback with `sslmode=verify-full` unless the query says otherwise"
    )
    static let redisURL = Setting(
        "SLUICE_REDIS_URL", .url("redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"), .required,
        [.web, .worker, .cli, .queues],
        "Redis, `redis://` or, with TLS, `rediss://user:password@host:port/database`; behind Sentinel `redis+sentinel://user:password@host:port,host:port,host:port/name/database`; a Redis Cluster `redis+cluster://user:password@host:port,host:port`; these two with TLS as `rediss+…`"
    )
    static let queuePartitions = Setting(
        "SLUICE_QUEUE_PARTITIONS", .count(1...64), .standard("1"), [.web, .worker, .cli],
        "Over how many hash tags each queue is spread, for a Redis Cluster; the same in all processes, see `docs/queue.md`")
    static let ftpURL = Setting(
        "SLUICE_FTP_URL", .url("ftp", "ftpes"), .required, [.worker],
        "The FTP server, `ftp://` or, with explicit TLS, `ftpes://user:password@host:port/directory`")
    static let ftpCertificateAuthority = Setting(
        "SLUICE_FTP_CA", .readableFile, .optional, [.worker],
        "PEM file of the authority that signed the FTP server's certificate; absent, the system's authorities count")
    static let smtpURL = Setting(
        "SLUICE_SMTP_URL", .url("smtp"), .required, [.mailer],
        "The mail server, `smtp://user:password@host:port`, with STARTTLS; `?starttls=off` for one that is reached without TLS")
    static let smtpCertificateAuthority = Setting(
        "SLUICE_SMTP_CA", .readableFile, .optional, [.mailer],
        "PEM file of the authority that signed the mail server's certificate; absent, the system's authorities count")
    static let mailSender = Setting(
        "SLUICE_MAIL_SENDER", .mailbox, .required, [.mailer],
        "The address that mails come from, such as `sluice@example.org`")
    static let publicAddress = Setting(
        "SLUICE_PUBLIC_ADDRESS", .publicAddress, .required, [.web, .mailer],
        "Where browsers reach Sluice, such as `https://files.example.org`; links in mails begin with it")
    static let signInKey = Setting(
        "SLUICE_SIGN_IN_KEY", .key, .required, [.web, .mailer],
        "The key that login codes, links, form tokens and captchas are computed with, at least 32 bytes, such as from `openssl rand -base64 32`; the same in all processes"
    )
    static let sessionIdle = Setting(
        "SLUICE_SESSION_IDLE", .duration(.seconds(1)...day), .standard("15m"), [.web],
        "How long a session lasts without anything that a person does; the same in all web processes")
    static let sessionLifetime = Setting(
        "SLUICE_SESSION_LIFETIME", .duration(.seconds(1)...day * 30), .standard("12h"), [.web],
        "How long a session lasts whatever a person does; the same in all web processes")
    static let trustedProxies = Setting(
        "SLUICE_TRUSTED_PROXIES", .count(0...10), .standard("0"), [.web],
        "How many proxies of yours every request comes through, each of which adds the address that it saw to X-Forwarded-For; with 0 that field is not looked at"
    )
    static let demo = Setting(
        "SLUICE_DEMO", .flag, .standard("0"), [.web],
        "1 adds the users of the demonstration, whose passwords everybody knows; refused unless `SLUICE_PUBLIC_ADDRESS` is on loopback")
    static let staging = Setting(
        "SLUICE_STAGING", .directory, .required, [.web, .worker],
        "Directory of accepted bytes that are not yet on the FTP server, on a local or shared disk")
    static let stagingArea = Setting(
        "SLUICE_STAGING_AREA", .identifier, .standard("default"), [.web, .worker, .cli],
        "Name of that directory among several; web processes and workers that share it use the same name, "
            + "and no other disk has it: on one they refuse to start")
    static let stagingReserve = Setting(
        "SLUICE_STAGING_RESERVE", .size(atLeast: 0), .standard("256MiB"), [.web, .worker],
        "Free space below which uploads are refused with 507")
    static let listen = Setting(
        "SLUICE_LISTEN", .address, .standard("127.0.0.1:8080"), [.web],
        "Where the web process serves HTTP")
    static let webProbe = Setting(
        "SLUICE_WEB_PROBE", .address, .standard("127.0.0.1:9090"), [.web],
        "Where the web process serves `/live`, `/ready` and `/metrics`; port 0 picks a free one")
    static let workerProbe = Setting(
        "SLUICE_WORKER_PROBE", .address, .standard("127.0.0.1:9091"), [.worker],
        "The same for the worker")
    static let maximumFileSize = Setting(
        "SLUICE_MAX_FILE_SIZE", .size(atLeast: 1), .standard("100GiB"), [.web],
        "Largest file accepted")
    static let maximumFilesPerRequest = Setting(
        "SLUICE_MAX_FILES_PER_REQUEST", .count(1...100_000), .standard("1000"), [.web],
        "Most files in one multipart request")
    static let uploadsPerUser = Setting(
        "SLUICE_UPLOADS_PER_USER", .count(1...100_000), .standard("64"), [.web],
        "Uploads of one user that one web process receives at the same time; more get 429")
    static let typesAllowed = Setting(
        "SLUICE_TYPES_ALLOW", .typeRules, .optional, [.web],
        "The only types that are taken: suffixes of names such as `.png`, types by content such as `image/*`, words of libmagic's description such as `magic:JPEG`; of each of the two, name and content, that has rules, one must cover a file"
    )
    static let typesDenied = Setting(
        "SLUICE_TYPES_DENY", .typeRules, .optional, [.web],
        "Types that are refused with 415, in the same form, allowed or not; every suffix of a name counts, such as the first in `a.php.jpg`"
    )
    static let typesMatch = Setting(
        "SLUICE_TYPES_MATCH", .flag, .standard("0"), [.web],
        "1 refuses files whose content is not what the suffix of their name promises, such as a program named `.png`")
    static let uploads = Setting(
        "SLUICE_UPLOADS", .count(1...1_000_000), .standard("1024"), [.web],
        "Uploads that one web process receives at the same time; from three quarters on users with more than an equal share get 503")
    static let burst = Setting(
        "SLUICE_BURST", .duration(.zero...(.seconds(60))), .standard("1s"), [.web],
        "The longest that the transfer of a file waits while more files are being accepted: a burst is taken in first; `0s` where workers have machines of their own"
    )
    static let quotaBytes = Setting(
        "SLUICE_QUOTA_BYTES", .size(atLeast: 0), .standard("0"), [.web, .cli],
        "Bytes that the files of a user may take, unless `sluice quota set` says otherwise; 0 for no limit; the same in all processes")
    static let quotaFiles = Setting(
        "SLUICE_QUOTA_FILES", .count(0...1_000_000_000), .standard("0"), [.web, .cli],
        "Files that a user may have, likewise")
    static let uploadLifetime = Setting(
        "SLUICE_UPLOAD_LIFETIME", .duration(.seconds(1)...day * 30), .standard("24h"), [.web],
        "How long a resumable upload waits for its next byte; the same in all web processes")
    static let openUploads = Setting(
        "SLUICE_OPEN_UPLOADS", .count(1...1_000_000), .standard("1000"), [.web],
        "Resumable uploads of one user that may wait for bytes at the same time; more get 429")
    static let connections = Setting(
        "SLUICE_CONNECTIONS", .count(1...1_000_000), .standard("16384"), [.web],
        "Connections that a web process has open at the same time; more wait in the kernel's queue until one ends")
    static let databaseConnections = Setting(
        "SLUICE_DATABASE_CONNECTIONS", .count(1...256), .standard("8"), [.web, .worker, .cli],
        "Connections to Postgres of each process, one thread each")
    static let logLevel = Setting(
        "SLUICE_LOG_LEVEL", .level, .standard("info"), [.web, .worker, .cli],
        "Least severe level that is logged")
    static let accelPrefix = Setting(
        "SLUICE_ACCEL_PREFIX", .locationPrefix, .standard("/_stored/"), [.web],
        "Internal location under which nginx serves stored files (X-Accel-Redirect)")
    static let partAge = Setting(
        "SLUICE_PART_AGE", .duration(.seconds(1)...day * 365), .standard("24h"), [.worker],
        "Age at which an unfinished object on the FTP server is removed")
    static let orphanAge = Setting(
        "SLUICE_ORPHAN_AGE", .duration(.seconds(30)...day * 365), .standard("1h"), [.worker],
        "Age at which staged bytes that no row knows are removed")
    static let reconcileInterval = Setting(
        "SLUICE_RECONCILE_INTERVAL", .duration(.seconds(1)...day), .standard("30s"), [.worker],
        "How often rows without a job are looked for")
    static let drainTimeout = Setting(
        "SLUICE_DRAIN_TIMEOUT", .duration(.zero...day), .standard("10s"), [.web, .worker],
        "How long a process that is told to stop lets running work finish")
    static let idleTimeout = Setting(
        "SLUICE_IDLE_TIMEOUT", .duration(.seconds(1)...day), .standard("60s"), [.web],
        "Silence after which a client's connection is closed")
    static let minimumRate = Setting(
        "SLUICE_MINIMUM_RATE", .size(atLeast: 0), .standard("1024"), [.web],
        "Bytes per second below which an upload is ended; 0 for no limit")
    static let rateWindow = Setting(
        "SLUICE_RATE_WINDOW", .duration(.seconds(1)...day), .standard("60s"), [.web],
        "Time of waiting for a client over which that rate is judged")
    static let clientAddress = Setting(
        "SLUICE_URL", .publicAddress, .optional, [.client],
        "Where `sluice put`, `ls`, `get` and `rm` find Sluice, such as `https://files.example.org`; see `docs/client.md`")
    static let clientToken = Setting(
        "SLUICE_TOKEN", .token, .optional, [.client],
        "The API token that they show")

    private static let day: Duration = .seconds(86400)

    /// The table in the README: one line per setting.
    public static var markdown: String {
        let head = ["| setting | read by | default | meaning |", "|---|---|---|---|"]
        let rows = keys.map { key in
            let roles = SettingKey.Role.allCases.filter(key.roles.contains).map(\.rawValue).joined(separator: ", ")
            let presence =
                switch key.presence {
                case .required: "required"
                case .optional: "none"
                case .standard(let text): "`\(text)`"
                }
            let name = "`\(key.name)`" + (key.isSecret ? " or `…_FILE`" : "")
            return "| \(name) | \(roles) | \(presence) | \(key.documentation) |"
        }
        return (head + rows).joined(separator: "\n") + "\n"
    }
}
