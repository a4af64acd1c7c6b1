/// What is fuzzed, by the name of its corpus.
///
/// These files are built twice: into the program that `make fuzz` runs, and into the tests, which check every input that is
/// kept. So they know nothing of either, and of what they check only what needs no server.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case multipart, parameters, tus, repetition, names, cursor, envelope, resp

    /// Tries one input, which may be anything.
    ///
    /// - Throws: `FuzzFinding` where something does not hold that has to hold for every input.
    package func check(_ input: [UInt8]) throws {
        switch self {
        case .multipart: try MultipartFuzzing.check(input)
        case .parameters: try ParameterFuzzing.check(input)
        case .tus: try UploadFieldFuzzing.check(input)
        case .repetition: try RepetitionFuzzing.check(input)
        case .names: try NameFuzzing.check(input)
        case .cursor: try CursorFuzzing.check(input)
        case .envelope: try EnvelopeFuzzing.check(input)
        case .resp: try ReplyFuzzing.check(input)
        }
    }
}

/// What an input has shown to be wrong.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String

    /// - Throws: itself, unless `condition` holds.
    static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws(FuzzFinding) {
        guard condition else { throw FuzzFinding(description: description()) }
    }
}
