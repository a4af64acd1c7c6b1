import ArgumentParser
import Client
import Glibc

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Receives files; prints id and path of each.",
        discussion: """
            Each is compared with the server's digest before it gets its name. What was interrupted goes on where it was. Exit status \
            as of `sluice put`.
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var transfer: TransferOptions

    @Option(name: .shortAndLong, help: "A folder, the path of the one file, or - for standard output; else the folder one is in.")
    var output = "."

    @Flag(help: "Replaces files that are there already.")
    var force = false

    @Argument(help: "Ids of files, as `sluice ls` prints them.", transform: ClientOptions.fileID)
    var ids: [String]

    private var destination: FileGetter.Destination {
        if output == "-" { return .standardOutput }
        var status = stat()
        let isFolder = output.hasSuffix("/") || stat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isFolder ? .folder(output.count > 1 && output.hasSuffix("/") ? String(output.dropLast()) : output) : .file(output)
    }

    func validate() throws {
        if case .file = destination, ids.count > 1 { throw ValidationError("'\(output)' is no folder, and there are several files") }
    }

    func run() async throws {
        let (ids, json, force, destination, parallel) = (ids, options.json, force, destination, transfer.parallel)
        let isShown = !transfer.noProgress
        try await ClientRun.run(options, connections: parallel, showsProgress: isShown) { session, console, board in
            let getter = FileGetter(session: session, destination: destination, replaces: force, board: board)
            return await getter.run(ids, parallel: parallel) { result in
                switch result.outcome {
                case .success(nil): break
                case .success(let path?):
                    console.data(json ? Listing.json(id: result.id, path: path) : "\(result.id)\t\(PlainText.escape(path))")
                // Standard output is the file's.
                case .failure(let failure):
                    console.failure(failure, of: ("id", result.id), json: json && destination != .standardOutput)
                }
            }
        }
    }
}
