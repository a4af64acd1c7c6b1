import Web

/// The same names as another content has, with other values.
struct PageSample: PageContent {
    let values: PageValues

    /// - Parameters:
    ///   - seed: by which what may be there or not is, or is not.
    ///   - text: what stands in the place of each text.
    init(like content: any PageContent, seed: UInt64, text: () -> String) {
        var choice = SplitMix(seed: seed)
        self.init(like: content, &choice, text)
    }

    private init(like content: any PageContent, _ choice: inout SplitMix, _ text: () -> String) {
        var pairs: [(String, PageValue)] = []
        for (name, value) in content.values.pairs {
            let changed: PageValue =
                switch value {
                case .text: .text(text())
                case .optional: .optional(choice.isYes() ? text() : nil)
                case .number: .number(Int64(bitPattern: choice.next()))
                case .flag: .flag(choice.isYes())
                case .content(let inner):
                    .content(inner.flatMap { choice.isYes() ? Self(like: $0, &choice, text) : nil })
                case .row(let template, let row): .row(template, Self(like: row, &choice, text))
                case .rows(let template, let rows):
                    .rows(
                        template, rows.isEmpty ? [] : (0..<choice.next() % 4).map { _ in Self(like: rows[0], &choice, text) })
                }
            pairs.append((name, changed))
        }
        values = PageValues(pairs)
    }
}

extension SplitMix {
    /// Three times out of four, so that what is within what may be missing is there often enough.
    fileprivate mutating func isYes() -> Bool { next() % 4 > 0 }
}
