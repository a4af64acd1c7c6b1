import ArgumentParser
import Client

struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Sends files, and all files in folders; prints id and name of each, as the server has them.",
        discussion: """
            The server keeps no folders: of a path the last part is sent. What was interrupted goes on where it was when the same \
            command is given again, and nothing is sent twice. Exit status: 0 all sent, 1 some refused by the server, 64 wrong use, \
            69 server not reached, 74 something here cannot be read, 75 given up for now (give the same command again), 77 token not \
            accepted, 78 wrong configuration, 130 and 143 interrupted.
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var transfer: TransferOptions

    @Option(help: "The media type of the files.")
    var type = "application/octet-stream"

    @Option(help: "Files of at least this size are sent so that they can be resumed in their middle.", transform: ClientOptions.size)
    var resumableFrom: Int64 = 4 << 20

    @Flag(help: "Reads each large file twice, so that the server knows its digest before and refuses what arrives damaged.")
    var digest = false

    @Argument(help: "Files and folders.")
    var paths: [String]

    func validate() throws {
        guard type.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !type.isEmpty else { throw ValidationError("--type takes a media type") }
    }

    func run() async throws {
        var sending = PutOptions()
        sending.parallel = transfer.parallel
        sending.resumableFrom = resumableFrom
        sending.contentType = type
        sending.announcesDigest = digest
        let (put, paths, json, isShown) = (sending, paths, options.json, !transfer.noProgress)
        try await ClientRun.run(options, connections: transfer.parallel, showsProgress: isShown) { session, console, board in
            let run = PutRun(session: session, options: put, board: board)
            async let measured: Void = isShown && console.isTerminal ? run.measure(paths) : ()
            let status = try await run.run(paths) { result in
                switch result.outcome {
                case .success(let receipt): console.data(json ? Listing.json(receipt, path: result.path) : Listing.line(receipt))
                case .failure(let failure): console.failure(failure, of: ("path", result.path), json: json)
                }
                return !console.hasFailed
            }
            _ = await measured
            return status
        }
    }
}
