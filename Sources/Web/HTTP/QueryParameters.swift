/// The parameters of a query string, decoded once and strictly.
///
/// Bad percent-encoding, bad UTF-8 and control characters are errors, not guesses. Memory and time are bounded by
/// `Limits` before anything is decoded.
package struct QueryParameters: Hashable, Sendable {
    package struct Limits: Hashable, Sendable {
        /// Bytes of the query string.
        package var bytes = 8192
        /// Number of parameters.
        package var parameters = 64
        /// Bytes of a name, decoded.
        package var nameBytes = 64
        /// Bytes of a value, decoded.
        package var valueBytes = 1024

        package init() {}
    }

    private struct Parameter: Hashable, Sendable {
        let name: String
        let value: String
    }

    private let parameters: [Parameter]

    /// - Parameter query: what stands behind the `?`, still encoded.
    package init(_ query: String?, limits: Limits = Limits()) throws(RequestSyntaxError) {
        guard let query, !query.isEmpty else {
            parameters = []
            return
        }
        guard query.utf8.count <= limits.bytes else { throw RequestSyntaxError(.queryTooLong) }
        var parameters: [Parameter] = []
        for pair in Array(query.utf8).split(separator: UInt8(ascii: "&")) {
            guard parameters.count < limits.parameters else { throw RequestSyntaxError(.tooManyParameters) }
            let equals = pair.firstIndex(of: .equals) ?? pair.endIndex
            let name = try PercentEncoding.decode(pair[..<equals], plusIsSpace: true)
            let value = try PercentEncoding.decode(pair[equals...].dropFirst(), plusIsSpace: true)
            guard name.utf8.count <= limits.nameBytes, value.utf8.count <= limits.valueBytes else {
                throw RequestSyntaxError(.parameterTooLong)
            }
            parameters.append(Parameter(name: name, value: value))
        }
        self.parameters = parameters
    }

    /// The value of a parameter that may be given once; nil if it is absent. Given twice is an error.
    package func single(_ name: String) throws(RequestSyntaxError) -> String? {
        let values = all(name)
        guard values.count <= 1 else { throw RequestSyntaxError(.duplicateParameter, parameter: name) }
        return values.first
    }

    /// Every value of a parameter, in order.
    package func all(_ name: String) -> [String] {
        // By bytes: to `==` for text, names that are canonically equivalent would be the same.
        parameters.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
    }

    /// A whole number, at most once, brought into `range`; nil if it is absent. Anything but decimal digits is an error;
    /// a number of any length is not: it counts as the largest there is.
    package func number(_ name: String, clampedTo range: ClosedRange<Int>) throws(RequestSyntaxError) -> Int? {
        guard let text = try single(name) else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { throw RequestSyntaxError(.notANumber, parameter: name) }
        return min(max(Int(text) ?? .max, range.lowerBound), range.upperBound)
    }

    /// Refuses parameters that the call does not know.
    package func requireOnly(_ names: Set<String>) throws(RequestSyntaxError) {
        guard parameters.allSatisfy({ names.contains($0.name) }) else { throw RequestSyntaxError(.unknownParameter) }
    }
}
