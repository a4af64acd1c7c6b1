import Platform

/// Refusals of the type policy. Each names its rule: for programs in the member `rule`, as the operator has written it.
extension APIError {
    static func typeRefused(_ rule: String) -> Self {
        refusal(rule, "Files that the rule \(rule) covers are not taken.")
    }

    static func typeNotAllowed(_ allowed: [TypeRule]) -> Self {
        refusal("allow", "Only these are taken: \(allowed.map(\.description).joined(separator: ", ")).")
    }

    static func typeMismatch(_ suffix: String) -> Self {
        refusal("match", "The content is not what a name ending in .\(suffix) promises.")
    }

    private static func refusal(_ rule: String, _ detail: String) -> Self {
        var error = Self(415, "type-refused", "Files of this type are not taken", detail: detail)
        error.problem.members = [.init("rule", .text(rule))]
        error.event = .inputRefused
        return error
    }
}
