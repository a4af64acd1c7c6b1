import Testing
import Web

struct MediaTypeTests {
    @Test(arguments: [
        ("text/plain", "text/plain", "text/plain"),
        ("TEXT/Plain; Charset=UTF-8", "text/plain", "text/plain; charset=UTF-8"),
        (" application/json ;a=\"b\" ", "application/json", "application/json; a=b"),
        ("a/b; x=\"c d\"; y=\"\"", "a/b", "a/b; x=\"c d\"; y=\"\""),
        ("a/b; x=\"\\\"\\\\\\c\"", "a/b", "a/b; x=\"\\\"\\\\c\""),
        ("application/vnd.api+json", "application/vnd.api+json", "application/vnd.api+json"),
        ("a/b;", "a/b", "a/b"),
    ])
    func canonical(_ text: String, _ essence: String, _ description: String) throws {
        let type = try MediaType(text)
        #expect(type.essence == essence)
        #expect(type.description == description)
        #expect(try MediaType(description) == type)
    }

    @Test(
        arguments: [
            ("", .malformedMediaType), ("text", .malformedMediaType), ("text/", .malformedMediaType), ("/plain", .malformedMediaType),
            ("*", .malformedMediaType), ("text /plain", .malformedMediaType), ("text/ plain", .malformedMediaType),
            ("t\u{E9}xt/plain", .malformedMediaType),
            ("text/plain/x", .malformedParameter), ("text/plain x", .malformedParameter), ("text/plain; a", .malformedParameter),
            ("text/plain, text/html", .malformedParameter), ("text/plain\r\nX: y", .malformedParameter),
            ("text/plain; a=\"\u{E9}\"", .malformedParameter),
            ("text/plain; a=\"\t\"", .malformedParameter), ("text/plain; a=\"\n\"", .controlCharacter),
            ("text/plain; a=1; A=2", .duplicateParameter),
        ] as [(String, RequestSyntaxError.Code)])
    func refused(_ text: String, _ code: RequestSyntaxError.Code) {
        #expect(throws: RequestSyntaxError(code)) { try MediaType(text) }
    }

    @Test("H15 length and number of parameters are bounded")
    func bounded() throws {
        #expect(throws: RequestSyntaxError(.fieldTooLong)) { try MediaType("text/" + String(repeating: "x", count: 4092)) }
        #expect(RequestSyntaxError(.fieldTooLong).status == 431)
        let parameters = (0..<17).map { "; p\($0)=1" }
        #expect(try MediaType("a/b" + parameters.dropLast().joined()).parameters.count == 16)
        #expect(throws: RequestSyntaxError(.tooManyParameters)) { try MediaType("a/b" + parameters.joined()) }
    }

    @Test func questions() throws {
        #expect(try MediaType("application/json; charset=utf-8").isJSON)
        #expect(try MediaType("application/problem+json").isJSON)
        #expect(try !MediaType("text/plain").isJSON)
        #expect(try !MediaType("application/jsonp").isJSON)
        #expect(try MediaType("Multipart/Mixed").type == "multipart")
        #expect(try MediaType("text/plain; CHARSET=a")["charset"] == "a")
        #expect(try MediaType("text/plain")["charset"] == nil)
    }
}
