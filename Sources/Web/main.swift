import Foundation
import Platform

do {
    try await Composition(settings: Settings.Web()).run()
} catch let error as SettingsError {
    FileHandle.standardError.write(Data((error.description + "\n").utf8))
    exit(SettingsError.exitCode)
}
