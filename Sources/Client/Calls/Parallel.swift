/// Works through many things, a few at a time.
enum Parallel {
    /// Takes the next item out of the sequence only when a place is free, so that a sequence may be as long as it likes.
    ///
    /// - Parameter take: gets what came of each, in the order in which they end; false ends it all: what runs is cancelled.
    static func each<Item: Sendable, Output: Sendable>(
        of items: some Sequence<Item>, atMost limit: Int, _ body: @escaping @Sendable (Item) async -> Output, take: (Output) -> Bool
    ) async {
        await withTaskGroup(of: Output.self) { group in
            var rest = items.makeIterator()
            var goesOn = true
            func startNext() {
                guard goesOn, !Task.isCancelled, let item = rest.next() else { return }
                group.addTask { await body(item) }
            }
            for _ in 0..<limit { startNext() }
            while let output = await group.next() {
                if !take(output), goesOn {
                    goesOn = false
                    group.cancelAll()
                }
                startNext()
            }
        }
    }
}
