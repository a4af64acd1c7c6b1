import ArgumentParser
import Client

struct RmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Deletes files, a thousand a call; prints the id of each.",
        discussion: "Exit status as of `sluice put`; 1 also when one is not there.")

    @OptionGroup var options: ClientOptions

    @Argument(help: "Ids of files, as `sluice ls` prints them.", transform: ClientOptions.fileID)
    var ids: [String]

    func run() async throws {
        let (ids, json) = (ids, options.json)
        try await ClientRun.run(options) { session, console, _ in
            var status = CommandStatus.success
            try await session.files.delete(ids) { deletions in
                for deletion in deletions {
                    guard let problem = deletion.problem else {
                        console.data(json ? Listing.json(id: deletion.id, path: nil) : deletion.id)
                        continue
                    }
                    status = max(status, .refused)
                    console.failure(.refused(problem), of: ("id", deletion.id), json: json)
                }
            }
            return status
        }
    }
}
