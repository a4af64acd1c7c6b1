import ArgumentParser
import Client

struct LsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists one's files: id, state, bytes, digest, name; one line each.")

    private static let orders = ["created", "-created", "name", "-name", "size", "-size"]

    @OptionGroup var options: ClientOptions

    @Option(help: "Only names that contain this.")
    var search: String?

    @Option(
        parsing: .unconditional, help: "By created, name or size; with a - before it the other way round.", transform: Self.order)
    var sort = "-created"

    func run() async throws {
        let (search, sort, json) = (search, sort, options.json)
        try await ClientRun.run(options) { session, console, _ in
            try await session.files.list(search: search, sort: sort) { files in
                for file in files { console.data(json ? Listing.json(file) : Listing.line(file)) }
                guard !console.hasFailed else { throw ClientFailure.local("the list cannot be written") }
            }
            return .success
        }
    }

    private static func order(_ text: String) throws -> String {
        guard orders.contains(text) else { throw ValidationError("'\(text)' is none of \(orders.joined(separator: ", "))") }
        return text
    }
}
