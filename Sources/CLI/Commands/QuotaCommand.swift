import Accounts
import ArgumentParser
import Files
import Platform

struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "How much users may keep.", subcommands: [Set.self, Show.self, Recount.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets how much a user may keep; prints what show does.",
            discussion: """
                A limit is a number, `none`, or `default` for what SLUICE_QUOTA_BYTES and SLUICE_QUOTA_FILES say. What is not named stays \
                as it is. Files that are there are kept, also when they are more than that. Uploads that are under way are refused at \
                their end where there is no room for them.
                """)

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "Bytes of all files, such as 10GiB.", transform: { try Self.limit($0, ByteSize.parse) })
        var bytes: QuotaAdministration.Limit?

        @Option(help: "How many files.", transform: { try Self.limit($0) { Int64($0) } })
        var files: QuotaAdministration.Limit?

        func validate() throws {
            guard bytes != nil || files != nil else { throw ValidationError("name a limit: --bytes or --files") }
        }

        func run() async throws {
            let (bytes, files) = (bytes, files)
            try await QuotaCommand.use(name) { quotas, user in
                QuotaCommand.show(try await quotas.set(bytes: bytes, files: files, for: user))
            }
        }

        private static func limit(_ text: String, _ number: (String) -> Int64?) throws -> QuotaAdministration.Limit {
            switch text {
            case "none": return .unlimited
            case "default": return .standard
            default:
                guard let most = number(text), most >= 0 else { throw ValidationError("'\(text)' is no limit") }
                return .most(most)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a user's files take and may take: bytes or files, used, limit; one line each, nothing without a quota.")

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            try await QuotaCommand.use(name) { quotas, user in QuotaCommand.show(try await quotas.find(user)) }
        }
    }

    struct Recount: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Counts a user's files anew; prints what show does.",
            discussion:
                "Needed after processes ran with different settings for quotas, and where anything else is found to be wrong with one."
        )

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            try await QuotaCommand.use(name) { quotas, user in QuotaCommand.show(try await quotas.recount(user)?.now) }
        }
    }

    private static func use(_ name: String, _ body: @escaping @Sendable (QuotaAdministration, UserID) async throws -> Void) async throws {
        let quota = Composition.settings().quota
        try await Composition.withPostgres { pool in
            let user = try await UserStore(pool: pool).require(name: name)
            let limits = QuotaLimits(bytes: quota.bytes, files: quota.files)
            try await body(QuotaAdministration(pool: pool, limits: limits), user.id)
        }
    }

    private static func show(_ use: QuotaUse?) {
        guard let use else { return }
        for (kind, used, limit) in [("bytes", use.bytes, use.limits.bytes), ("files", use.files, use.limits.files)] {
            print(kind, used, limit.map { "\($0)" } ?? "none", separator: "\t")
        }
    }
}
