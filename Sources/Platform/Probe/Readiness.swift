/// The answer to "may this process be given work?", as of one moment.
struct Readiness: Sendable {
    struct Entry: Sendable {
        let name: String
        /// Nil is fine.
        let fault: String?
    }

    let entries: [Entry]

    var isReady: Bool { entries.allSatisfy { $0.fault == nil } }

    var json: [UInt8] {
        var text = JSONText()
        text.raw(isReady ? "{\"ready\":true,\"checks\":[" : "{\"ready\":false,\"checks\":[")
        for (index, entry) in entries.enumerated() {
            text.raw(index == 0 ? "{\"name\":" : ",{\"name\":")
            text.string(entry.name)
            text.raw(",\"state\":")
            text.string(entry.fault ?? "ok", limit: 500)
            text.raw("}")
        }
        text.raw("]}\n")
        return text.bytes
    }
}
