/// Why a header field or a query string was refused.
///
/// Its description carries nothing that the peer sent.
package struct RequestSyntaxError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not `type/subtype` followed by parameters.
        case malformedMediaType
        /// A parameter that is not `token=token` or `token="quoted"`, or a quoted string without an end.
        case malformedParameter
        /// A parameter that may occur once occurs again.
        case duplicateParameter
        /// More parameters than the limit.
        case tooManyParameters
        /// A name or value longer than the limit.
        case parameterTooLong
        /// A name that the call does not know.
        case unknownParameter
        /// `%` without two hexadecimal digits.
        case malformedPercentEncoding
        /// Bytes that are not UTF-8.
        case invalidUTF8
        /// A control character, NUL among them.
        case controlCharacter
        /// Not a digest as RFC 9530 or RFC 1864 write it, or of another length than its algorithm's.
        case malformedDigest
        /// Not an Idempotency-Key of 1 to 255 characters.
        case malformedKey
        /// Not a plain decimal number.
        case notANumber
        /// A header field longer than the limit.
        case fieldTooLong
        /// A query string longer than the limit.
        case queryTooLong
    }

    package let code: Code
    /// The parameter in question where its name is one of ours; never a name the peer invented.
    package let parameter: String?

    package init(_ code: Code, parameter: String? = nil) {
        self.code = code
        self.parameter = parameter
    }

    /// The HTTP status that answers it: 400, 414 or 431.
    package var status: Int {
        switch code {
        case .queryTooLong: 414
        case .fieldTooLong: 431
        default: 400
        }
    }

    /// One sentence for the person who sent the request.
    package var message: String {
        switch code {
        case .malformedMediaType: "The content type is malformed."
        case .malformedParameter: "A parameter is malformed."
        case .duplicateParameter: "A parameter is given more than once."
        case .tooManyParameters: "There are too many parameters."
        case .parameterTooLong: "A parameter is too long."
        case .unknownParameter: "A parameter is not known here."
        case .malformedPercentEncoding: "The percent-encoding is malformed."
        case .invalidUTF8: "The text is not valid UTF-8."
        case .controlCharacter: "Control characters are not allowed."
        case .malformedDigest: "A digest is malformed."
        case .malformedKey: "The Idempotency-Key is malformed: 1 to 255 visible ASCII characters, best in quotes."
        case .notANumber: "A parameter is not a whole number."
        case .fieldTooLong: "A header field is too long."
        case .queryTooLong: "The query string is too long."
        }
    }
}

extension RequestSyntaxError: CustomStringConvertible {
    package var description: String { parameter.map { "\(code.rawValue) (\($0))" } ?? code.rawValue }
}
