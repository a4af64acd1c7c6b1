/// Why a schedule was refused. `description` says where; it repeats nothing of what was given.
public struct ScheduleError: Error, Sendable, Hashable {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case syntax, outOfRange, neverFires, unknownZone, unreadableZone, invalidInterval
        }

        private let value: Value

        /// The text is not a cron expression.
        public static let syntax = Code(value: .syntax)
        /// A number is outside its field, a step is larger than it, or a range runs backwards.
        public static let outOfRange = Code(value: .outOfRange)
        /// The expression names only days that do not exist, for instance the 30th of February.
        public static let neverFires = Code(value: .neverFires)
        /// The time zone database has no zone of this name.
        public static let unknownZone = Code(value: .unknownZone)
        /// The file of the zone is damaged, or counts leap seconds.
        public static let unreadableZone = Code(value: .unreadableZone)
        /// An interval is shorter than a second or longer than ten years.
        public static let invalidInterval = Code(value: .invalidInterval)

        public var description: String { value.rawValue }
    }

    public let code: Code
    /// The field of the expression that is wrong, where it is a single one.
    public let field: CronField?
    /// The character of the expression, counted from 1 in bytes of UTF-8, at which it is wrong.
    public let position: Int?
    public let message: String

    init(_ code: Code, field: CronField? = nil, position: Int? = nil, _ message: String) {
        self.code = code
        self.field = field
        self.position = position
        self.message = message
    }
}

extension ScheduleError: CustomStringConvertible {
    public var description: String {
        let place = [field?.rawValue, position.map { "character \($0)" }].compactMap(\.self).joined(separator: ", ")
        return "schedule \(code)\(place.isEmpty ? "" : " (\(place))"): \(message)"
    }
}
