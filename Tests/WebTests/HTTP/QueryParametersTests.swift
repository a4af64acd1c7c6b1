import Testing
import Web

struct QueryParametersTests {
    private func code(_ query: String) -> RequestSyntaxError.Code? {
        do throws(RequestSyntaxError) {
            _ = try QueryParameters(query)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        arguments: [
            ("a=1", "1"), ("a=", ""), ("a", ""), ("b=2&a=1", "1"), ("&&a=1&", "1"), ("a=b=c", "b=c"), ("a=x+y%20z", "x y z"),
            ("%61=1", "1"),
            ("a=%C3%A4", "\u{E4}"), ("a=\u{E4}", "\u{E4}"), ("a=%2B%26%3D", "+&="), ("b=1", nil), ("", nil), ("A=1", nil),
        ] as [(String, String?)])
    func single(_ query: String, _ value: String?) throws {
        #expect(try QueryParameters(query).single("a") == value)
    }

    @Test("H29 decoded once")
    func once() throws {
        #expect(try QueryParameters("a=%252e%252e%252f%2500").single("a") == "%2e%2e%2f%00")
    }

    @Test("H29 NUL and other controls, encoded or not", arguments: ["a=%00", "a=\0", "%00=1", "a=%0d%0aX", "a=x\ny", "a=%1B", "a=%7f"])
    func controls(_ query: String) {
        #expect(code(query) == .controlCharacter)
    }

    @Test("H29 malformed percent-encoding", arguments: ["a=%", "a=%4", "a=%zz", "a=%%41", "a=%4g", "%=1", "a=%u0041", "a=% 41"])
    func percent(_ query: String) {
        #expect(code(query) == .malformedPercentEncoding)
    }

    @Test("H33 not UTF-8", arguments: ["a=%FF", "a=%C0%80", "a=%C0%AF", "a=%ED%A0%80", "a=%C3", "a=%F5%80%80%80", "%FF=1", "a=%E2%82"])
    func utf8(_ query: String) {
        #expect(code(query) == .invalidUTF8)
    }

    @Test func duplicates() throws {
        let parameters = try QueryParameters("a=1&b=2&a=3&%61=4")
        #expect(throws: RequestSyntaxError(.duplicateParameter, parameter: "a")) { try parameters.single("a") }
        #expect(throws: RequestSyntaxError(.duplicateParameter, parameter: "a")) { try parameters.number("a", clampedTo: 0...9) }
        #expect(parameters.all("a") == ["1", "3", "4"])
        #expect(try parameters.single("b") == "2")
    }

    @Test func namesAreComparedByBytes() throws {
        let parameters = try QueryParameters("%C3%A9=1&e%CC%81=2")
        #expect(parameters.all("\u{E9}") == ["1"])
        #expect(parameters.all("e\u{301}") == ["2"])
    }

    @Test("H63 search text stays text, up to a length")
    func search() throws {
        #expect(try QueryParameters("search=%25_'%22%3B--.*").single("search") == "%_'\";--.*")
        #expect(try QueryParameters("search=" + String(repeating: "x", count: 1024)).single("search")?.count == 1024)
        #expect(code("search=" + String(repeating: "x", count: 1025)) == .parameterTooLong)
        #expect(code("search=" + String(repeating: "x", count: 1_000_000)) == .queryTooLong)
        #expect(RequestSyntaxError(.queryTooLong).status == 414)
        #expect(code(String(repeating: "n", count: 65) + "=x") == .parameterTooLong)
    }

    @Test("H63 number of parameters")
    func many() {
        #expect(code(Array(repeating: "a=b", count: 64).joined(separator: "&")) == nil)
        #expect(code(Array(repeating: "a=b", count: 65).joined(separator: "&")) == .tooManyParameters)
        #expect(code(String(repeating: "&", count: 8192)) == nil)
    }

    @Test(
        "H64 limits are clamped",
        arguments: [
            ("limit=10", 10), ("limit=0", 1), ("limit=1000000000", 200), ("limit=99999999999999999999999999", 200), ("limit=007", 7),
            ("", nil),
        ] as [(String, Int?)])
    func clamped(_ query: String, _ value: Int?) throws {
        #expect(try QueryParameters(query).number("limit", clampedTo: 1...200) == value)
    }

    @Test(
        "H64 limits that are no number",
        arguments: ["limit=", "limit=-1", "limit=%2B1", "limit=1.5", "limit=1e3", "limit=0x10", "limit=+1", "limit=\u{661}"])
    func notANumber(_ query: String) throws {
        let parameters = try QueryParameters(query)
        #expect(throws: RequestSyntaxError(.notANumber, parameter: "limit")) { try parameters.number("limit", clampedTo: 1...200) }
    }

    @Test("H66 parameters that the call does not know")
    func unknown() throws {
        let parameters = try QueryParameters("search=a&is_admin=1")
        #expect(throws: RequestSyntaxError(.unknownParameter)) { try parameters.requireOnly(["search"]) }
        try parameters.requireOnly(["search", "is_admin"])
        #expect(throws: Never.self) { try QueryParameters(nil).requireOnly([]) }
    }

    @Test("H29 a path segment is decoded once, and its plus is a plus")
    func segments() throws {
        #expect(try PercentEncoding.decode("a+b%20c%252F".utf8, plusIsSpace: false) == "a+b c%2F")
        #expect(throws: RequestSyntaxError(.controlCharacter)) { try PercentEncoding.decode("a%00".utf8, plusIsSpace: false) }
        #expect(throws: RequestSyntaxError(.invalidUTF8)) { try PercentEncoding.decode("%C0%AE".utf8, plusIsSpace: false) }
    }

    @Test("H38 errors say nothing that the peer sent")
    func descriptions() {
        for code in RequestSyntaxError.Code.allCases {
            #expect(RequestSyntaxError(code).description == code.rawValue)
            #expect([400, 414, 431].contains(RequestSyntaxError(code).status))
            #expect(!RequestSyntaxError(code).message.isEmpty)
        }
        #expect(RequestSyntaxError(.notANumber, parameter: "limit").description == "notANumber (limit)")
    }
}
