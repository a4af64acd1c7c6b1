import ArgumentParser
import Foundation
import Platform

let options = Options.parseOrExit()
do {
    try await Composition(settings: Settings.Worker(), options: options).run()
} catch let error as SettingsError {
    FileHandle.standardError.write(Data((error.description + "\n").utf8))
    exit(SettingsError.exitCode)
}
