import ArgumentParser
import Foundation
import Logging
import Platform

let options = Options.parseOrExit()
do {
    try await Composition(settings: Settings.Worker(), options: options).run()
} catch let error as SettingsError {
    FileHandle.standardError.write(Data((error.description + "\n").utf8))
    exit(SettingsError.exitCode)
} catch {
    // An error that leaves the main file would end the process like a crash.
    Logger(label: "worker").critical("the worker cannot run", metadata: .init([.error: "\(error)"]))
    exit(EXIT_FAILURE)
}
