import ArgumentParser
import Files
import FoundationEssentials
import Platform

struct AreaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "area", abstract: "Staging areas, and which disk each is.", subcommands: [List.self, Register.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: """
                Lists them: name, id of the disk, registered at, files that are nowhere else yet, their bytes, resumable uploads; \
                one line each.
                """)

        func run() async throws {
            for entry in try await Composition.withPostgres({ try await AreaRegister(pool: $0).list() }) {
                print(
                    entry.name, entry.instance, entry.registeredAt.formatted(.iso8601), entry.files, entry.bytes, entry.uploads,
                    separator: "\t")
            }
        }
    }

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a disk the staging area of a name.",
            discussion: """
                A process registers its disk by itself where the name is free. This is for a disk that takes the place of another: end \
                all processes that have the old one first. What only the old one holds is lost to its owners, and is told without \
                --replace.
                """)

        @Argument(help: "The name of the area, as in SLUICE_STAGING_AREA.")
        var name: String

        @Argument(help: "The id of the disk, as in the file `instance` in its directory.", transform: Self.instance)
        var instance: UUIDv7

        @Flag(help: "Give up what only the disk holds that has the name now.")
        var replace = false

        func run() async throws {
            let (name, instance, isReplacing) = (name, instance, replace)
            try await Composition.withPostgres { pool in
                let register = AreaRegister(pool: pool)
                let registered = try await register.claim(name, for: instance)
                if registered == instance { return print("registered", name, instance, separator: "\t") }
                guard let entry = try await register.list().first(where: { $0.name == name }) else { throw Self.changed(name) }
                guard isReplacing else { throw OperatorError(Self.warning(entry)) }
                guard try await register.replace(registered, with: instance, as: name) else { throw Self.changed(name) }
                print("registered", name, instance, "given up", entry.files, entry.bytes, entry.uploads, separator: "\t")
            }
        }

        private static func warning(_ entry: AreaEntry) -> String {
            """
            \(entry.name) is the disk \(entry.instance), which alone holds \(entry.files) files (\(entry.bytes) bytes) and \
            \(entry.uploads) resumable uploads; they are given up where the new disk does not hold them too. Nothing was changed. \
            End all processes on the old disk, then say --replace
            """
        }

        private static func changed(_ name: String) -> OperatorError {
            OperatorError("\(name) has been registered anew by somebody else in this moment: look at `sluice area ls`")
        }

        private static func instance(_ text: String) throws -> UUIDv7 {
            guard let instance = UUIDv7(text) else { throw ValidationError("'\(text)' is no id of a disk") }
            return instance
        }
    }
}
