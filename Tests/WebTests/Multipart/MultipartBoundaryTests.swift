import TestSupport
import Testing
import Web

struct MultipartBoundaryTests {
    private func code(_ contentType: String) -> MultipartError.Code? {
        do throws(MultipartError) {
            _ = try MultipartBoundary(contentType: contentType)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"),
        ("Multipart/Form-Data; charset=utf-8; BOUNDARY=abc", "abc"),
        ("multipart/form-data;boundary=\"a b:c\"", "a b:c"),
        ("multipart/form-data; boundary=\"a\\bc\"", "abc"),
        ("multipart/form-data ; ; boundary=abc;", "abc"),
        ("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
        ("multipart/form-data; boundary=\(String(repeating: "x", count: 70))", String(repeating: "x", count: 70)),
    ])
    func boundaryIsFound(_ contentType: String, _ boundary: String) throws {
        #expect(try MultipartBoundary(contentType: contentType) == MultipartBoundary(boundary))
    }

    @Test("H1 no boundary", arguments: ["multipart/form-data", "multipart/form-data; charset=utf-8", "multipart/form-data; boundary*0=a"])
    func missing(_ contentType: String) {
        #expect(code(contentType) == .missingBoundary)
        #expect(MultipartError(.missingBoundary).status == 400)
    }

    @Test("H2 boundary of 71 bytes and of 10 MB", arguments: [71, 200, 10_000_000])
    func long(_ length: Int) {
        let found = code("multipart/form-data; boundary=" + String(repeating: "x", count: length))
        #expect(found == (length > MediaType.maximumLength ? .malformedContentType : .malformedBoundary))
        #expect(throws: MultipartError(.malformedBoundary)) { try MultipartBoundary(String(repeating: "x", count: length)) }
        #expect(MultipartError(.malformedBoundary).status == 400)
        #expect(MultipartError(.malformedContentType).status == 400)
    }

    @Test(
        "H3 two boundaries",
        arguments: [
            "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=a; boundary=a",
            "multipart/form-data; boundary=a; Boundary=\"b\"", "multipart/form-data; boundary=a, multipart/form-data; boundary=b",
        ])
    func double(_ contentType: String) {
        #expect(code(contentType) == .malformedContentType)
    }

    @Test(
        "H4 boundary with what no boundary may hold",
        arguments: [
            "\"\"", "\"a\\\"b\"", "\"a\\\\b\"", "\"a \"", "\"a{b}\"", "\"a[b]\"", "\"a<b\"", "\"a;b\"",
        ])
    func forbidden(_ boundary: String) {
        #expect(code("multipart/form-data; boundary=\(boundary)") == .malformedBoundary)
    }

    @Test(
        "H4 malformed parameters",
        arguments: [
            "boundary=", "boundary", "boundary =a", "boundary= a", "boundary=a b", "boundary=\"a", "boundary=\"a\"b", "boundary=\"a\\",
            "=a",
            "boundary=a\r\nX: y", "boundary=\"a\rb\"", "boundary=\u{E9}", "boundary=\"\u{E9}\"", "boundary=a\0",
        ])
    func malformed(_ parameters: String) {
        #expect(code("multipart/form-data; \(parameters)") == .malformedContentType)
    }

    @Test("H15 parameters full of escapes, and very many of them")
    func escapes() {
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(code("multipart/form-data; boundary=\"" + String(repeating: "\\a", count: 2000)) == .malformedContentType)
            #expect(code("multipart/form-data; boundary=\"" + String(repeating: "\\\"", count: 5_000_000)) == .malformedContentType)
            #expect(code("multipart/form-data" + String(repeating: ";a=b", count: 5_000_000)) == .malformedContentType)
            #expect(code("multipart/form-data" + String(repeating: ";", count: 4000)) == .missingBoundary)
        }
        #expect(time < .seconds(5).stretched)
    }

    @Test(arguments: [
        "", "text/plain", "multipart/mixed; boundary=a", "application/x-www-form-urlencoded", "multipart/form-data2; boundary=a",
    ])
    func otherTypes(_ contentType: String) {
        #expect(code(contentType) == (contentType.isEmpty ? .malformedContentType : .notFormData))
        #expect(MultipartError(.notFormData).status == 415)
    }
}
