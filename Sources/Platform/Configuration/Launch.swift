import Glibc
import Logging

/// How a process of Sluice begins and ends.
public enum Launch {
    /// Runs a process. A failure is told on standard error and in the exit status: an error that left `main` would look
    /// like a crash.
    ///
    /// Wrong settings end it with 78 (`EX_CONFIG` of sysexits.h), anything else with 1.
    public static func run(_ name: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch let error as SettingsError {
            refuse(error)
        } catch {
            Logger(label: name).critical("the process cannot run", metadata: .init([.process: "\(name)", .error: "\(error)"]))
            exit(EXIT_FAILURE)
        }
    }

    /// Ends the process with the message that names all that is wrong with its settings.
    public static func refuse(_ error: SettingsError) -> Never {
        LineOutput.standardError.write(Array((error.description + "\n").utf8))
        exit(SettingsError.exitCode)
    }
}
