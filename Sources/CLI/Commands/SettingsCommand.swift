import ArgumentParser
import Platform

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Prints every setting, who reads it and its default, as the table of the README.")

    func run() {
        print(SettingsTable.markdown, terminator: "")
    }
}
