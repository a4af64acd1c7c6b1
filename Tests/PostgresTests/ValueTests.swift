import FoundationEssentials
import Platform
import Postgres
import Testing

enum Colour: String, PostgresScalar { case red, green }

func cell(_ text: String?) -> PostgresCell {
    PostgresCell(bytes: text.map { Array($0.utf8)[...] }, column: "c")
}

func text(_ value: some PostgresValue) throws -> String? {
    switch try value.postgresParameter().content {
    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
    case .binary, .null: nil
    }
}

/// That decoding fails with the error meant for it.
func expectDecodingError<T: PostgresValue>(_ type: T.Type, _ text: String?, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: PostgresError.self, sourceLocation: sourceLocation) { try T.decode(cell(text)) }
    #expect(error?.code == .decoding, sourceLocation: sourceLocation)
}

@Suite struct ValueTests {
    @Test func scalarsHaveTheTextFormOfTheServer() throws {
        #expect(try text(Int.min) == "-9223372036854775808")
        #expect(try text(Int32(-1)) == "-1")
        #expect(try text(true) == "t")
        #expect(try text(false) == "f")
        #expect(try text(0.1) == "0.1")
        #expect(try text(-Double.infinity) == "-inf")
        #expect(try text(UserID(rawValue: 12)) == "12")
        #expect(try text(Colour.green) == "green")
        #expect(try UserID(rawValue: 12).postgresParameter().type == .bigint)
    }

    @Test func scalarsAreRead() throws {
        #expect(try Int.decode(cell("-42")) == -42)
        #expect(try Double.decode(cell("-Infinity")) == -.infinity)
        #expect(try Double.decode(cell("NaN")).isNaN)
        #expect(try Bool.decode(cell("t")))
        #expect(try Colour.decode(cell("red")) == .red)
        #expect(try [UInt8].decode(cell("\\x00ff7F")) == [0, 255, 127])
        #expect(try String?.decode(cell(nil)) == nil)
        #expect(try String?.decode(cell("")) == "")
    }

    @Test func contentOfAnotherTypeIsAnErrorAndNoTrap() {
        expectDecodingError(Int.self, "9223372036854775808")
        expectDecodingError(Int16.self, "32768")
        expectDecodingError(Int.self, "")
        expectDecodingError(Int.self, "1.5")
        expectDecodingError(Int.self, nil)
        expectDecodingError(Bool.self, "true")
        expectDecodingError(Double.self, "x")
        expectDecodingError(Colour.self, "blue")
        expectDecodingError(UUIDv7.self, "00000000-0000-4000-8000-000000000000")
        expectDecodingError(UUIDv7.self, "0")
        for bytes in ["", "\\", "x00", "\\x0", "\\xzz", "\\000"] { expectDecodingError([UInt8].self, bytes) }
    }

    @Test func invalidUTF8IsAnError() {
        let error = #expect(throws: PostgresError.self) { try String.decode(PostgresCell(bytes: [0xC3, 0x28], column: "c")) }
        #expect(error?.code == .decoding)
    }

    @Test func decodingErrorQuotesNoValue() {
        let error = #expect(throws: PostgresError.self) { try Int.decode(cell("hunter2")) }
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("column c") == true)
    }

    @Test func arrayElementsAreQuoted() throws {
        #expect(try text(["a", "b,c", "", "NULL", #"q"q"#, #"b\s"#, "{x}", " "]) == #"{"a","b,c","","NULL","q\"q","b\\s","{x}"," "}"#)
        #expect(try text([1, -2]) == #"{"1","-2"}"#)
        #expect(try text([String]()) == "{}")
        #expect(try text([nil, "null"] as [String?]) == #"{NULL,"null"}"#)
    }

    @Test func arraysAreRead() throws {
        #expect(try [Int].decode(cell("{}")) == [])
        #expect(try [Int].decode(cell("{1,-2,\"3\"}")) == [1, -2, 3])
        #expect(try [String].decode(cell(#"{a,"b,c","","NULL","q\"q","b\\s"}"#)) == ["a", "b,c", "", "NULL", #"q"q"#, #"b\s"#])
        #expect(try [String?].decode(cell("{NULL,x}")) == [nil, "x"])
        #expect(try [[UInt8]].decode(cell(#"{"\\x01","\\x"}"#)) == [[1], []])
        expectDecodingError([String].self, "{NULL}")
    }

    @Test(
        "a malformed array is an error",
        arguments: [
            "", "{", "}", "1", "{1,}", "{,1}", "{,}", "{\"}", "{\"a}", "{\"a\\", "{\"a\"b}", "{{1},{2}}", "[0:0]={1}", "{1\\}", "{a\"b}",
        ])
    func malformedArray(_ text: String) {
        expectDecodingError([Int].self, text)
        expectDecodingError([String].self, text)
    }

    @Test func arrayTextSurvivesItsOwnReader() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"ab"\,{} N'ü𝄞"#)
        for _ in 0..<500 {
            let strings = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                String((0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) })
            }
            #expect(try [String].decode(cell(try text(strings))) == strings)
        }
    }

    @Test func byteArraysAreSentInBinary() throws {
        #expect(try [0, 255].map { UInt8($0) }.postgresParameter() == .init(type: .bytea, content: .binary([0, 255])))
        let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 2, 0, 0, 0, 1]
        let array: [[UInt8]] = [[7], []]
        #expect(try array.postgresParameter().content == .binary(head + [0, 0, 0, 1, 7, 0, 0, 0, 0]))
        #expect(try [[UInt8]]().postgresParameter().content == .binary([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17]))
    }
}

@Suite struct DateValueTests {
    @Test(arguments: [
        ("1970-01-01 00:00:00.000000Z", 0.0), ("1969-12-31 23:59:59.500000Z", -0.5), ("2000-02-29 12:00:00.000000Z", 951_825_600),
        ("1900-03-01 00:00:00.000000Z", -2_203_891_200), ("2026-11-22 20:59:01.250000Z", 1_795_381_141.25),
        ("0001-01-01 00:00:00.000000Z", -62_135_596_800), ("9999-12-31 23:59:59.000000Z", 253_402_300_799),
    ])
    func dateHasTheTextFormOfTheServer(_ expected: String, _ seconds: Double) throws {
        #expect(try text(Date(timeIntervalSince1970: seconds)) == expected)
    }

    @Test(arguments: [
        ("1970-01-01 00:00:00+00", 0.0), ("2026-11-22 20:59:01.25+00", 1_795_381_141.25), ("2026-11-22 20:59:01", 1_795_381_141),
        ("2026-11-22 22:59:01+02", 1_795_381_141), ("2026-11-22 15:29:01-05:30", 1_795_381_141), ("1969-12-31 23:59:59.5+00", -0.5),
    ])
    func dateIsRead(_ text: String, _ seconds: Double) throws {
        #expect(try Date.decode(cell(text)) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "infinity", "-infinity", "2026-11-22", "2026-13-01 00:00:00+00", "2026-01-01 00:00:00.+00", "2026-01-01 00:00:00.1234567+00",
        "0044-03-15 12:00:00+00 BC", "2026-01-01 00:00:00+", "2026-01-01T00:00:00Z", "99999999-01-01 00:00:00+00", "2026-00-01 00:00:00+00",
    ])
    func otherTextIsNoDate(_ text: String) {
        expectDecodingError(Date.self, text)
    }

    @Test func dateOutsideTheCalendarIsRefused() {
        for seconds in [Double.infinity, -.infinity, .nan, 1e300, 253_402_300_800, -62_135_596_801] {
            let error = #expect(throws: PostgresError.self) { try Date(timeIntervalSince1970: seconds).postgresParameter() }
            #expect(error?.code == .misuse)
        }
    }

    @Test func datesOfFourCenturiesSurvive() throws {
        for day in stride(from: -80_000, through: 80_000, by: 13) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 43_200)
            let written = try #require(try text(date))
            #expect(try Date.decode(cell(String(written.dropLast()) + "+00")) == date)
        }
    }
}
