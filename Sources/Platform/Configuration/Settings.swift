public import Logging

/// What the processes are told through their environment, decoded and checked once at start.
///
/// Each role has a structure of its own (`Settings.Web`, `.Worker`, `.CLI`), in which nothing that role needs is
/// optional. The variables are listed in `SettingsTable`.
public enum Settings {
    public struct Database: Sendable {
        public let url: ServiceURL
        /// Connections, hence threads, of this process.
        public let connections: Int
    }

    public struct FTP: Sendable {
        public let url: ServiceURL
        /// Path of a PEM file; nil means the authorities of the system.
        public let certificateAuthority: String?
    }

    public struct Mail: Sendable {
        public let server: ServiceURL
        /// Path of a PEM file; nil means the authorities of the system.
        public let certificateAuthority: String?
        /// An address without a name.
        public let sender: String
        public let publicAddress: PublicAddress
        /// At least 32 bytes.
        public let signInKey: Secret
    }

    public struct Staging: Sendable {
        public let directory: String
        public let area: String
        /// Bytes that must stay free.
        public let reserve: Int64
    }

    public struct Uploads: Sendable {
        /// Bytes.
        public let maximumFileSize: Int64
        public let maximumFilesPerRequest: Int
        public let parallelPerUser: Int
        /// Of all users.
        public let parallel: Int
        /// How long the transfer of a file may wait while more are being accepted.
        public let burst: Duration
        /// Bytes per second; 0 means no limit.
        public let minimumRate: Int64
        /// Time of waiting over which the rate is judged.
        public let rateWindow: Duration
        public let idleTimeout: Duration
        /// Of a resumable upload without new bytes.
        public let lifetime: Duration
        /// Resumable uploads of one user.
        public let maximumOpen: Int
    }

    /// Which types of files are taken; by itself, all.
    public struct Types: Sendable {
        public let allow, deny: [TypeRule]
        /// Whether content has to be what the name's suffix promises.
        public let mustMatch: Bool

        public init(allow: [TypeRule] = [], deny: [TypeRule] = [], mustMatch: Bool = false) {
            self.allow = allow
            self.deny = deny
            self.mustMatch = mustMatch
        }
    }

    /// What users may keep who have no limits of their own; nil for no limit.
    public struct Quota: Sendable {
        public let bytes: Int64?
        public let files: Int64?
    }

    public struct Maintenance: Sendable {
        public let partAge: Duration
        public let orphanAge: Duration
        public let reconcileInterval: Duration
    }

    public struct Sessions: Sendable {
        /// Without anything that a person does.
        public let idle: Duration
        /// Whatever a person does.
        public let lifetime: Duration
    }

    public struct Web: Sendable {
        public let address: PublicAddress
        /// Proxies of ours that every request comes through.
        public let trustedProxies: Int
        public let sessions: Sessions
        /// At least 32 bytes.
        public let signInKey: Secret
        /// Whether users whose passwords everybody knows are added; only ever on loopback.
        public let isDemo: Bool
        public let database: Database
        public let redis: ServiceURL
        /// Of each queue.
        public let queuePartitions: Int
        public let staging: Staging
        public let uploads: Uploads
        public let types: Types
        public let quota: Quota
        public let listen: ListenAddress
        /// Open at the same time.
        public let connections: Int
        public let probe: ListenAddress
        /// Begins and ends with a slash.
        public let accelPrefix: String
        public let drainTimeout: Duration
        public let logLevel: Logger.Level
    }

    public struct Worker: Sendable {
        public let database: Database
        public let redis: ServiceURL
        /// Of each queue.
        public let queuePartitions: Int
        public let ftp: FTP
        /// nil where the queue of mails is not served.
        public let mail: Mail?
        public let staging: Staging
        public let maintenance: Maintenance
        public let probe: ListenAddress
        public let drainTimeout: Duration
        public let logLevel: Logger.Level
    }

    /// For commands that touch queues and nothing else: they work while the database is away.
    public struct Queues: Sendable {
        public let redis: ServiceURL
    }

    /// For the commands that use a Sluice somewhere; what is absent may be in their file.
    public struct Client: Sendable {
        public let address: PublicAddress?
        public let token: Secret?
    }

    public struct CLI: Sendable {
        public let database: Database
        public let redis: ServiceURL
        /// Of each queue.
        public let queuePartitions: Int
        public let stagingArea: String
        public let quota: Quota
        public let logLevel: Logger.Level
    }
}
