import NIOCore
import Platform

// The handlers' pool has about as many threads as there are processors. The loops only move bytes; as many again mostly wake each other.
NIOSingletons.groupLoopCountSuggestion = max(1, System.coreCount / 2)

await Launch.run("web") {
    try await Composition(settings: Settings.Web()).run()
}
