extension Settings.Web {
    /// What `listen` is called by whoever sets it.
    public static var listenName: String { SettingsTable.listen.key.name }
    /// What `probe` is called.
    public static var probeName: String { SettingsTable.webProbe.key.name }

    /// Reads the environment of this process.
    ///
    /// - Throws: one error with every missing, wrong or unknown setting.
    public init() throws(SettingsError) {
        try self.init(environment: .process)
    }

    /// Reads `environment`.
    public init(environment: [String: String]) throws(SettingsError) {
        let reader = try SettingsReader(environment: environment, roles: [.web])
        address = try reader.value(SettingsTable.publicAddress)
        trustedProxies = try reader.value(SettingsTable.trustedProxies)
        sessions = try .init(reader)
        signInKey = try reader.value(SettingsTable.signInKey)
        isDemo = try reader.value(SettingsTable.demo)
        guard !isDemo || address.isLocal else {
            let reason = "is for loopback only, which \(SettingsTable.publicAddress.key.name) is not on"
            throw SettingsError(problems: [.init(name: SettingsTable.demo.key.name, reason: reason)])
        }
        database = try .init(reader)
        redis = try reader.value(SettingsTable.redisURL)
        queuePartitions = try reader.value(SettingsTable.queuePartitions)
        staging = try .init(reader)
        uploads = try .init(reader)
        types = try .init(reader)
        quota = try .init(reader)
        listen = try reader.value(SettingsTable.listen)
        connections = try reader.value(SettingsTable.connections)
        probe = try reader.value(SettingsTable.webProbe)
        accelPrefix = try reader.value(SettingsTable.accelPrefix)
        drainTimeout = try reader.value(SettingsTable.drainTimeout)
        logLevel = try reader.value(SettingsTable.logLevel)
    }
}

extension Settings.Worker {
    /// What `probe` is called by whoever sets it.
    public static var probeName: String { SettingsTable.workerProbe.key.name }

    /// Reads the environment of this process.
    ///
    /// - Parameter servesMail: whether the settings of mails are needed.
    /// - Throws: one error with every missing, wrong or unknown setting.
    public init(servesMail: Bool) throws(SettingsError) {
        try self.init(environment: .process, servesMail: servesMail)
    }

    /// Reads `environment`.
    public init(environment: [String: String], servesMail: Bool) throws(SettingsError) {
        let reader = try SettingsReader(environment: environment, roles: servesMail ? [.worker, .mailer] : [.worker])
        database = try .init(reader)
        redis = try reader.value(SettingsTable.redisURL)
        queuePartitions = try reader.value(SettingsTable.queuePartitions)
        ftp = try .init(reader)
        mail = servesMail ? try .init(reader) : nil
        staging = try .init(reader)
        maintenance = try .init(reader)
        probe = try reader.value(SettingsTable.workerProbe)
        drainTimeout = try reader.value(SettingsTable.drainTimeout)
        logLevel = try reader.value(SettingsTable.logLevel)
    }
}

extension Settings.CLI {
    /// Reads the environment of this process.
    ///
    /// - Throws: one error with every missing, wrong or unknown setting.
    public init() throws(SettingsError) {
        try self.init(environment: .process)
    }

    /// Reads `environment`.
    public init(environment: [String: String]) throws(SettingsError) {
        let reader = try SettingsReader(environment: environment, roles: [.cli])
        database = try .init(reader)
        redis = try reader.value(SettingsTable.redisURL)
        queuePartitions = try reader.value(SettingsTable.queuePartitions)
        stagingArea = try reader.value(SettingsTable.stagingArea)
        quota = try .init(reader)
        logLevel = try reader.value(SettingsTable.logLevel)
    }
}

extension Settings.Queues {
    /// Reads the environment of this process.
    ///
    /// - Throws: one error with every missing, wrong or unknown setting.
    public init() throws(SettingsError) {
        try self.init(environment: .process)
    }

    /// Reads `environment`.
    public init(environment: [String: String]) throws(SettingsError) {
        redis = try SettingsReader(environment: environment, roles: [.queues]).value(SettingsTable.redisURL)
    }
}

extension Settings.Client {
    /// Reads `environment`.
    ///
    /// - Throws: one error with every wrong or unknown setting.
    public init(environment: [String: String]) throws(SettingsError) {
        let reader = try SettingsReader(environment: environment, roles: [.client])
        address = try reader.optional(SettingsTable.clientAddress)
        token = try reader.optional(SettingsTable.clientToken)
    }
}

extension Settings.Database {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        url = try reader.value(SettingsTable.databaseURL)
        connections = try reader.value(SettingsTable.databaseConnections)
    }
}

extension Settings.Sessions {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        idle = try reader.value(SettingsTable.sessionIdle)
        lifetime = try reader.value(SettingsTable.sessionLifetime)
    }
}

extension Settings.FTP {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        url = try reader.value(SettingsTable.ftpURL)
        certificateAuthority = try reader.optional(SettingsTable.ftpCertificateAuthority)
    }
}

extension Settings.Mail {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        server = try reader.value(SettingsTable.smtpURL)
        certificateAuthority = try reader.optional(SettingsTable.smtpCertificateAuthority)
        sender = try reader.value(SettingsTable.mailSender)
        publicAddress = try reader.value(SettingsTable.publicAddress)
        signInKey = try reader.value(SettingsTable.signInKey)
    }
}

extension Settings.Staging {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        directory = try reader.value(SettingsTable.staging)
        area = try reader.value(SettingsTable.stagingArea)
        reserve = try reader.value(SettingsTable.stagingReserve)
    }
}

extension Settings.Uploads {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        maximumFileSize = try reader.value(SettingsTable.maximumFileSize)
        maximumFilesPerRequest = try reader.value(SettingsTable.maximumFilesPerRequest)
        parallelPerUser = try reader.value(SettingsTable.uploadsPerUser)
        parallel = try reader.value(SettingsTable.uploads)
        burst = try reader.value(SettingsTable.burst)
        minimumRate = try reader.value(SettingsTable.minimumRate)
        rateWindow = try reader.value(SettingsTable.rateWindow)
        idleTimeout = try reader.value(SettingsTable.idleTimeout)
        lifetime = try reader.value(SettingsTable.uploadLifetime)
        maximumOpen = try reader.value(SettingsTable.openUploads)
    }
}

extension Settings.Types {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        allow = try reader.optional(SettingsTable.typesAllowed) ?? []
        deny = try reader.optional(SettingsTable.typesDenied) ?? []
        mustMatch = try reader.value(SettingsTable.typesMatch)
    }
}

extension Settings.Quota {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        let (bytes, files) = (try reader.value(SettingsTable.quotaBytes), try reader.value(SettingsTable.quotaFiles))
        self.bytes = bytes == 0 ? nil : bytes
        self.files = files == 0 ? nil : Int64(files)
    }
}

extension Settings.Maintenance {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        partAge = try reader.value(SettingsTable.partAge)
        orphanAge = try reader.value(SettingsTable.orphanAge)
        reconcileInterval = try reader.value(SettingsTable.reconcileInterval)
    }
}
