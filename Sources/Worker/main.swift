import ArgumentParser
import Platform

let options = Options.parseOrExit()
await Launch.run("worker") {
    try await Composition(settings: Settings.Worker(servesMail: options.servesMail), options: options).run()
}
