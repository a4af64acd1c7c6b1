import NIOCore
import Platform

// Handlers have as many threads as there are processors. The loops only move bytes; with as many again they mostly wake each other.
NIOSingletons.groupLoopCountSuggestion = max(1, System.coreCount / 2)

await Launch.run("web") {
    try await Composition(settings: Settings.Web()).run()
}
