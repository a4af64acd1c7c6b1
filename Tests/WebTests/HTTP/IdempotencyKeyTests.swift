import Cryptography
import HTTPTypes
import Testing
import Web

@Suite("Idempotency-Key")
struct IdempotencyKeyTests {
    private func fields(_ values: [String]) -> HTTPFields {
        var fields = HTTPFields()
        for value in values { fields.append(HTTPField(name: .idempotencyKey, value: value)) }
        return fields
    }

    @Test(
        "a key with and without quotes is the same",
        arguments: [
            ("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", "8e03978e-40d5-43e8-bc93-6894a57f9324"), ("abc=/+:", "abc=/+:"),
            ("\"a b,;c\"", "a b,;c"), ("\"a\\\"\\\\b\"", "a\"\\b"), ("x", "x"),
            (String(repeating: "k", count: 255), String(repeating: "k", count: 255)),
        ])
    func read(field: String, key: String) throws {
        #expect(try IdempotencyKey(fields([field]))?.digest == SHA256Hasher.digest(of: Array(key.utf8)))
    }

    @Test("no field, no key")
    func absent() throws {
        #expect(try IdempotencyKey(HTTPFields()) == nil)
    }

    @Test(
        "H57 H15 a malformed key is refused",
        arguments: [
            [""], ["\"\""], ["\""], ["\"a"], ["a\""], ["\"a\"b\""], ["\"a\\\""], ["\"a\\b\""], ["a b"], ["a, b"], ["a;b"], ["\"a\";x=1"],
            ["é"],
            ["\"é\""], ["a", "a"], [String(repeating: "k", count: 256)], ["\"" + String(repeating: "\\\"", count: 4096) + "\""],
        ])
    func refused(values: [String]) {
        #expect(throws: RequestSyntaxError.self) { try IdempotencyKey(fields(values)) }
    }
}
