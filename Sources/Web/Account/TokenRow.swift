import Accounts
import FoundationEssentials

/// An API token in the list of the account page.
struct TokenRow: PageContent {
    struct Use: PageContent {
        let iso: String
        let text: String

        var values: PageValues { ["iso": .text(iso), "text": .text(text)] }
    }

    struct Expiry: PageContent {
        let iso: String
        /// A date.
        let text: String
        let isExpired: Bool

        var values: PageValues { ["iso": .text(iso), "text": .text(text), "isExpired": .flag(isExpired)] }
    }

    let number: Int64
    let name: String
    /// What it may do: `read, write`.
    let scopesText: String
    /// Nil: never used.
    let lastUse: Use?
    /// Nil: it does not expire.
    let expiry: Expiry?

    var values: PageValues {
        [
            "number": .number(number), "name": .text(name), "scopesText": .text(scopesText), "lastUse": .content(lastUse),
            "expiry": .content(expiry),
        ]
    }

    init(_ token: APIToken, now: Date) {
        number = token.id
        name = token.name
        scopesText = token.scopes.names.joined(separator: ", ")
        lastUse = token.lastUsedAt.map { Use(iso: PageTime.iso($0), text: PageTime.text($0)) }
        expiry = token.expiresAt.map { Expiry(iso: PageTime.iso($0), text: PageTime.date($0), isExpired: $0 <= now) }
    }
}

/// How long a new token lives.
enum TokenLifetime: Int, CaseIterable {
    case month = 30
    case quarter = 90
    case year = 365
    case unlimited = 0

    static let standard = Self.quarter

    struct Choice: PageContent {
        let days: Int
        let label: String
        let isChosen: Bool

        var values: PageValues { ["days": .number(days), "label": .text(label), "isChosen": .flag(isChosen)] }
    }

    func choice(isChosen: Bool) -> Choice {
        let label =
            switch self {
            case .month: "In 30 days"
            case .quarter: "In 90 days"
            case .year: "In a year"
            case .unlimited: "Never"
            }
        return Choice(days: rawValue, label: label, isChosen: isChosen)
    }

    func end(from now: Date) -> Date? {
        self == .unlimited ? nil : now.addingTimeInterval(Double(rawValue) * 86400)
    }
}
