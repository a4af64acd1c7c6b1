import HTTPTypes

extension HTTPFields {
    /// The value of a cookie that the client has sent (RFC 6265, section 5.4); the first one of that name.
    func cookie(named name: String) -> Substring? {
        for field in self where field.name == .cookie {
            var rest = field.value.utf8[...]
            while !rest.isEmpty {
                let pair = rest.prefix { $0 != .semicolon }
                rest = rest[pair.endIndex...].dropFirst()
                let named = pair.drop { $0 == .space }
                guard let equals = named.firstIndex(of: .equals), named[..<equals].elementsEqual(name.utf8) else { continue }
                return Substring(named[equals...].dropFirst())
            }
        }
        return nil
    }
}
