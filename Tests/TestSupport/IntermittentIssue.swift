public import Testing

/// A fault that is known, comes only now and then, and is not mended yet. Its tests run, and what they find is told as known.
public struct IntermittentIssue: SuiteTrait, TestTrait, TestScoping {
    let comment: Comment

    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await withKnownIssue(comment, isIntermittent: true) { try await function() }
    }
}

extension Trait where Self == IntermittentIssue {
    /// - Parameter comment: what is known of it.
    public static func intermittentIssue(_ comment: Comment) -> Self { IntermittentIssue(comment: comment) }
}
