package import Files
package import Magic
package import Platform

/// The type policy with what it takes to ask it. What is refused here has been accepted nowhere yet.
package struct TypeGuard: Sendable {
    package typealias Look = @Sendable ([UInt8]) async throws -> Sniffed

    /// How many files are looked at in parallel.
    private static let lookers = 2

    private let policy: TypePolicy
    /// Nil where content does not matter: libmagic is then not even opened.
    private let look: Look?

    /// - Throws: `MagicError` when content matters and cannot be looked at.
    package init(_ settings: Settings.Types) throws {
        policy = TypePolicy(settings)
        guard policy.asksForContent else {
            look = nil
            return
        }
        let sniffer = try ContentSniffer(pool: BlockingPool(name: "types", size: Self.lookers))
        look = { try await sniffer.look($0) }
    }

    package init(_ settings: Settings.Types, look: @escaping Look) {
        policy = TypePolicy(settings)
        self.look = look
    }

    /// Asked before a body is read.
    func check(_ name: FileName) throws(APIError) {
        if let refusal = policy.refusal(name: name) { throw refusal }
    }

    /// For an upload whose bytes pass by; empty where nobody has to look at them.
    func watchers(of name: FileName) -> [any UploadWatcher] {
        look == nil ? [] : [HeadSample(name: name, types: self)]
    }

    /// For resumable uploads; nil where nobody has to look at them.
    package var inspection: UploadInspection? {
        guard look != nil else { return nil }
        return UploadInspection(headLimit: ContentSniffer.headLimit) { [self] in try await check(head: $0, name: $1) }
    }

    /// For a file whose bytes are there already.
    ///
    /// - Parameter head: its first `ContentSniffer.headLimit` bytes, or all.
    /// - Throws: `APIError`, or `CancellationError`.
    func check(head: [UInt8], name: FileName) async throws {
        try check(name)
        guard let look else { return }
        let sniffed: Sniffed
        do {
            sniffed = try await look(head)
        } catch is BlockingPoolClosed {
            throw APIError.unavailable
        } catch is MagicError {
            // Nobody knows what it is, so nobody may have it.
            throw APIError.typeRefused("magic:error")
        }
        let markup = HiddenMarkup.type(in: head, beginningAs: sniffed.types.first ?? "")
        if let refusal = policy.refusal(of: sniffed, markup: markup, name: name) { throw refusal }
    }
}
