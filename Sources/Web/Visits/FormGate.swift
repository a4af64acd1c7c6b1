import Synchronization

/// The token of a form that comes with the form's files, in front of them: nothing is taken before it was right.
final class FormGate: Sendable {
    private let check: @Sendable (_ token: String) throws -> Void
    private let wasRight = Atomic(false)

    /// - Parameter check: throws unless the token is the session's.
    init(check: @escaping @Sendable (_ token: String) throws -> Void) {
        self.check = check
    }

    var isOpen: Bool { wasRight.load(ordering: .relaxed) }

    /// - Throws: unless the token is the session's.
    func open(with token: String) throws {
        try check(token)
        wasRight.store(true, ordering: .relaxed)
    }
}
