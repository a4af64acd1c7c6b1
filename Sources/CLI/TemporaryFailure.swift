import ArgumentParser
import Platform

/// A failure that has an end: the same command may succeed later.
enum TemporaryFailure {
    /// `EX_TEMPFAIL` of sysexits.h, so that scripts can tell it from what they got wrong.
    private static let status = ExitCode(75)

    /// Says on standard error what was done and what was not.
    ///
    /// - Returns: what to throw, for the process to end with.
    static func report(_ sentence: String) -> ExitCode {
        LineOutput.standardError.write(Array("Error: \(sentence)\n".utf8))
        return status
    }
}
