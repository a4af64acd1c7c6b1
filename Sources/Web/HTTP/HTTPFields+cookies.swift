import HTTPTypes

extension HTTPFields {
    /// The value of a cookie that the client has sent (RFC 6265, section 5.4); the first one of that name.
    func cookie(named name: String) -> Substring? {
        for field in self where field.name == .cookie {
            for pair in field.value.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals].utf8.elementsEqual(name.utf8) else { continue }
                return pair[pair.index(after: equals)...]
            }
        }
        return nil
    }
}
