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

    /// The UTC month of a moment.
    package static func yearAndMonth(milliseconds: Int64) -> (year: Int64, month: Int64) {
        let date = CivilDate.components(ofDay: milliseconds.flooredDivision(by: 86_400_000).quotient)
        return (date.year, date.month)
    }
}
