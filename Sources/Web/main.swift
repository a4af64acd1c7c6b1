import Platform

await Launch.run("web") {
    try await Composition(settings: Settings.Web()).run()
}
