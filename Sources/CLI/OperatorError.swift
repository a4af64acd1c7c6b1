/// A failure as an operator reads it: what could not be done, why, and what to do about it.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
