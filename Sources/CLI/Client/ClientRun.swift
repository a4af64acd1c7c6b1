import ArgumentParser
import Client
import Glibc
import Platform
import UnixSignals

/// Runs a command of the client from its configuration to its exit status.
enum ClientRun {
    private enum Event: Sendable {
        case ended(CommandStatus)
        case signalled(Int32)
        case cancelled
    }

    /// After a signal, for what has begun to be left in order.
    private static let grace: UInt32 = 5

    /// - Parameters:
    ///   - connections: at the same time.
    ///   - showsProgress: on a terminal.
    static func run(
        _ options: ClientOptions, connections: Int = 1, showsProgress: Bool = false,
        _ body: @escaping @Sendable (ClientSession, Console, ProgressBoard) async throws -> CommandStatus
    ) async throws {
        let console = Console()
        let configuration: ClientConfiguration
        do {
            configuration = try ClientConfiguration(file: options.config)
        } catch {
            console.note(error.description)
            throw ExitCode(SettingsError.exitCode)
        }
        let board = ProgressBoard()
        let patience = options.patience
        let (status, signal) = await untilSignalled {
            do {
                return try await ClientSession.with(configuration, connections: connections, patience: patience) {
                    try await body($0, console, board)
                }
            } catch {
                let failure = error as? ClientFailure
                if failure != .interrupted { console.note(failure?.sentence ?? PlainText.escape("\(error)")) }
                return failure?.exitStatus ?? .local
            }
        } onSignal: { signal in
            end(console, by: signal)
        } beside: {
            while showsProgress, console.isTerminal, !Task.isCancelled {
                console.show(board)
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        console.clear()
        // What was put off then was put off for that.
        let told = console.hasFailed ? max(status == .postponed ? .local : status, .local) : status
        let code = signal.map { 128 + $0 } ?? told.rawValue
        guard code == 0 else { throw ExitCode(code) }
    }

    /// Ends the process after a while whatever holds it up, such as a pipe that nobody reads, and with the next signal at once. What is
    /// remembered can be gone on with at each moment.
    private static func end(_ console: Console, by signal: Int32) {
        for number in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(number, SIG_DFL) }
        NamedThread.start(name: "grace") {
            sleep(grace)
            console.clear()
            _exit(128 + signal)
        }
    }

    /// - Returns: the status of `body`, and the number of the signal that ended it, if one has.
    private static func untilSignalled(
        _ body: @escaping @Sendable () async -> CommandStatus, onSignal: @escaping @Sendable (Int32) -> Void,
        beside: @escaping @Sendable () async -> Void
    ) async -> (status: CommandStatus, signal: Int32?) {
        await withTaskGroup(of: Event.self) { group in
            group.addTask { .ended(await body()) }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
                    return .signalled(signal == .sigint ? SIGINT : signal == .sigterm ? SIGTERM : SIGHUP)
                }
                return .cancelled
            }
            group.addTask {
                await beside()
                return .cancelled
            }
            var status: CommandStatus?
            var signal: Int32?
            while let event = await group.next() {
                switch event {
                case .ended(let ended): status = ended
                case .signalled(let number):
                    signal = number
                    onSignal(number)
                case .cancelled: continue
                }
                group.cancelAll()
                if status != nil { break }
            }
            return (status: status ?? .local, signal: signal)
        }
    }
}

extension Console {
    /// A failure in words, and for programs as data.
    func failure(_ failure: ClientFailure, of subject: (name: StaticString, value: String), json: Bool) {
        if json { data(Listing.json(failure, of: subject)) }
        note("\(PlainText.escape(subject.value)): \(failure.sentence)")
    }
}
