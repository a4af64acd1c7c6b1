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
                status = max(status, Self.tell(deletions, to: console, json: json))
                return !console.hasFailed
            }
            return status
        }
    }

    private static func tell(_ deletions: RemoteFiles.Deletions, to console: Console, json: Bool) -> CommandStatus {
        switch deletions {
        case .answered(let all):
            var status = CommandStatus.success
            for deletion in all {
                guard let problem = deletion.problem else {
                    console.data(json ? Listing.json(id: deletion.id, path: nil) : deletion.id)
                    continue
                }
                status = .refused
                console.failure(.refused(problem), of: ("id", deletion.id), json: json)
            }
            return status
        case .failed(let ids, let failure):
            // For people it is one.
            if json { for id in ids { console.data(Listing.json(failure, of: ("id", id))) } }
            console.note(failure.sentence)
            return failure.exitStatus
        }
    }
}
