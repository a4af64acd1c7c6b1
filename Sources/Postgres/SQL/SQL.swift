/// A statement and its parameters.
///
/// Interpolated values never become part of the text: `"… WHERE id = \(id)"` is sent as `… WHERE id = $1` with `id` bound.
/// `\(sql: other)` splices another statement with its parameters, `\(unsafeRaw: text)` inserts text as it is.
///
/// Parameters carry the Postgres type of their Swift type (`Int` is `bigint`), except strings, whose type the server
/// infers from the place where they stand, as it does for a quoted literal.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// Literal text around the parameters: one more than there are parameters.
    private var pieces: [String]
    package private(set) var parameters: [PostgresParameter]
    /// The first value that could not be encoded. Interpolation cannot throw, so running the statement does.
    package private(set) var problem: PostgresError?

    public init(stringLiteral value: String) {
        self.init(unsafeRaw: value)
    }

    /// A statement without parameters. `text` is sent as it is: never build it from outside data.
    public init(unsafeRaw text: String) {
        pieces = [text]
        parameters = []
    }

    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL(unsafeRaw: "")

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.pieces.reserveCapacity(interpolationCount + 1)
            sql.parameters.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) {
            sql.appendText(literal)
        }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some PostgresValue) {
            sql.bind(value)
        }

        /// Binds a value or NULL. Declared apart, because the compiler warns of optionals in an interpolation that does not ask for them.
        public mutating func appendInterpolation<Value: PostgresValue>(_ value: Value?) {
            sql.bind(value)
        }

        /// Splices another statement, parameters included.
        public mutating func appendInterpolation(sql other: SQL) {
            sql.append(other)
        }

        /// Inserts text as it is: constants only.
        public mutating func appendInterpolation(unsafeRaw text: String) {
            sql.appendText(text)
        }
    }

    /// Appends another statement, parameters included.
    public mutating func append(_ other: SQL) {
        appendText(other.pieces[0])
        pieces.append(contentsOf: other.pieces.dropFirst())
        parameters.append(contentsOf: other.parameters)
        problem = problem ?? other.problem
    }

    /// The statement as the server gets it, with `$1`, `$2` … in place of the parameters.
    package var text: String {
        guard pieces.count > 1 else { return pieces[0] }
        var text = ""
        text.reserveCapacity(pieces.reduce(0) { $0 + $1.utf8.count + 3 })
        for (index, piece) in pieces.enumerated() {
            if index > 0 { text += "$\(index)" }
            text += piece
        }
        return text
    }

    private mutating func appendText(_ text: String) {
        pieces[pieces.count - 1] += text
    }

    private mutating func bind(_ value: some PostgresValue) {
        do throws(PostgresError) {
            parameters.append(try value.postgresParameter())
        } catch {
            problem = problem ?? error
            parameters.append(PostgresParameter(type: .unspecified, content: .null))
        }
        pieces.append("")
    }
}
