package import Platform

/// Makes the paths under which files lie on the FTP server.
package enum FileKey {
    /// `<user>/<yyyy>/<mm>/<id>.<ext>`: nothing in it was chosen by a user except an extension of safe characters.
    package static func make(owner: UserID, id: FileID, name: FileName) -> String {
        let suffix = name.keyExtension.map { "." + $0 } ?? ""
        return "\(owner)/\(directory(milliseconds: id.milliseconds))/\(id)\(suffix)"
    }

    /// `<yyyy>/<mm>`: below a user's directory, where what was received at that moment lies.
    package static func directory(milliseconds: Int64) -> String {
        let (year, month) = yearAndMonth(milliseconds: milliseconds)
        return "\(year)/\(month < 10 ? "0" : "")\(month)"
    }

    /// The UTC month of a moment. From "chrono-Compatible Low-Level Date Algorithms" (Howard Hinnant): the year is taken
    /// to begin in March, so that the leap day is its last.
    package static func yearAndMonth(milliseconds: Int64) -> (year: Int64, month: Int64) {
        let days = milliseconds / 86_400_000 + 719_468
        let era = days / 146_097
        let day = days % 146_097
        let yearOfEra = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
    }
}
