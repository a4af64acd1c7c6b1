/// Works through many things, a few at a time.
enum Parallel {
    /// Asks for the next item only when a place is free, so that there may be as many as there like to be.
    ///
    /// - Parameters:
    ///   - next: nil at the end.
    ///   - take: gets what came of each, in the order in which they end; false ends it all: what runs is cancelled.
    static func each<Item: Sendable, Output: Sendable>(
        of next: () async -> Item?, atMost limit: Int, _ body: @escaping @Sendable (Item) async -> Output, take: (Output) -> Bool
    ) async {
        await withTaskGroup(of: Output.self) { group in
            var goesOn = true
            func startNext() async {
                guard goesOn, !Task.isCancelled, let item = await next() else { return }
                group.addTask { await body(item) }
            }
            for _ in 0..<limit { await startNext() }
            while let output = await group.next() {
                if !take(output), goesOn {
                    goesOn = false
                    group.cancelAll()
                }
                await startNext()
            }
        }
    }
}
