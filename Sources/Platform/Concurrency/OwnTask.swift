/// Work in a child task of its own, which its caller waits for.
///
/// A task keeps the memory that its deepest call needed until it ends. One that lives long and seldom has deep work does that in another.
public enum OwnTask {
    /// - Parameter value: what `body` gets; it need not be one that tasks may share.
    public static func run<Value: ~Copyable>(
        handing value: consuming Value, _ body: @escaping @Sendable (consuming Value) async throws -> Void
    ) async throws {
        let handed = Handed(value)
        async let done: Void = body(handed.take())
        try await done
    }

    /// Safe to send: it is made by one task, which then does nothing but wait for the other, and that takes the value once, at its beginning.
    private final class Handed<Value: ~Copyable>: @unchecked Sendable {
        private var value: Value?

        init(_ value: consuming Value) {
            self.value = consume value
        }

        func take() -> Value {
            guard let taken = value.take() else { preconditionFailure("a value is taken once") }
            return taken
        }
    }
}
