import Testing
import Web

@Suite("Form fields")
struct FormFieldsTests {
    @Test("names and values are decoded once; what is not there is empty")
    func decoding() throws {
        let form = try FormFields(Array("a=1&b=x+y%2B%20z&c=%2525&%64=e&e".utf8))
        #expect(try form.text("a") == "1" && form.text("b") == "x y+ z" && form.text("c") == "%25" && form.text("d") == "e")
        #expect(try form.text("e").isEmpty && form.text("f").isEmpty && form.bytes("f").isEmpty)
    }

    @Test("H85 a password is taken byte for byte")
    func password() throws {
        let form = try FormFields(Array("p=%00%09%F0%9F%94%92e%CC%81%2B".utf8))
        #expect(try form.bytes("p") == [0, 9, 0xF0, 0x9F, 0x94, 0x92, 0x65, 0xCC, 0x81, 0x2B])
    }

    @Test(
        "what no browser sends is refused where it is read, and traps nothing",
        arguments: ["a=1&a=2", "a=%", "a=%zz", "a=%4", "a=%00", "a=%0D%0A", "a=%FF", "a=%C0%80", "a=%ED%A0%80"])
    func refused(body: String) {
        #expect(throws: RequestSyntaxError.self) { try FormFields(Array(body.utf8)).text("a") }
    }

    @Test("at most so many fields")
    func many() {
        #expect(throws: RequestSyntaxError(.tooManyParameters)) {
            try FormFields(Array(String(repeating: "a=1&", count: 1000).utf8))
        }
        #expect(throws: Never.self) { try FormFields(Array(String(repeating: "&", count: 60_000).utf8)) }
    }
}
