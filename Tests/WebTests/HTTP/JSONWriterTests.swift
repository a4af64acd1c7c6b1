import NIOCore
import Testing
import Web

struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(buffer: writer.buffer)
    }

    @Test(arguments: [
        ("", "\"\""), ("abc", "\"abc\""), ("\"", "\"\\\"\""), ("\\", "\"\\\\\""), ("\n\r\t", "\"\\n\\r\\t\""),
        ("\0\u{1}\u{1F}", "\"\\u0000\\u0001\\u001f\""),
        ("\u{8}\u{C}\u{1B}", "\"\\u0008\\u000c\\u001b\""), ("a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\""), ("/", "\"/\""),
        ("\u{7F}\u{E4}\u{1F600}", "\"\\u007f\u{E4}\u{1F600}\""),
        (String(repeating: "a<", count: 10_000), "\"" + String(repeating: "a\\u003c", count: 10_000) + "\""),
        ("\"\"", "\"\\\"\\\"\""),
    ])
    func strings(_ value: String, _ json: String) {
        #expect(text { $0.string(value) } == json)
    }

    @Test("H36 markup cannot end a script element")
    func markup() {
        #expect(text { $0.string("</script><img onerror=x>") } == "\"\\u003c/script>\\u003cimg onerror=x>\"")
    }

    @Test("H38 every control character is escaped")
    func controls() {
        for value in UInt8(0)..<0x20 {
            let json = text { $0.string("a\(Character(Unicode.Scalar(value)))b") }
            #expect(json.utf8.allSatisfy { $0 >= 0x20 })
            #expect(json.hasPrefix("\"a\\") && json.hasSuffix("b\""))
        }
    }

    @Test func nesting() {
        let json = text {
            $0.object {
                $0.member("name", "a")
                $0.member("none", nil as String?)
                $0.member("size", Int64.min)
                $0.member("most", UInt64.max)
                $0.member("unknown", nil as Int?)
                $0.object("empty") { _ in }
                $0.array("list") {
                    $0.number(1)
                    $0.array { _ in }
                    $0.object { $0.member("k\"", "v") }
                    $0.null()
                    $0.string("s")
                }
                $0.member("last", "z")
            }
        }
        let members = [
            #""name":"a""#, #""none":null"#, #""size":-9223372036854775808"#, #""most":18446744073709551615"#, #""unknown":null"#,
            #""empty":{}"#, #""list":[1,[],{"k\"":"v"},null,"s"]"#, #""last":"z""#,
        ]
        #expect(json == "{\(members.joined(separator: ","))}")
    }

    @Test func moments() {
        let json = text {
            $0.object {
                $0.member("at", milliseconds: 951_782_400_000)
                $0.member("never", milliseconds: nil)
            }
        }
        #expect(json == #"{"at":"2000-02-29T00:00:00.000Z","never":null}"#)
    }
}

struct ProblemDetailsTests {
    private func text(_ problem: ProblemDetails) -> String {
        var writer = JSONWriter()
        writer.object { problem.writeMembers(to: &$0) }
        return String(buffer: writer.buffer)
    }

    @Test func membersInOrder() {
        var problem = ProblemDetails(status: 413, title: "Too large")
        #expect(text(problem) == #"{"type":"about:blank","title":"Too large","status":413}"#)
        problem.detail = "a \"b\""
        problem.code = "c"
        #expect(text(problem) == #"{"type":"about:blank","title":"Too large","status":413,"detail":"a \"b\"","code":"c"}"#)
    }

    @Test func ofErrors() {
        let multipart = ProblemDetails(MultipartError(.tooManyParts))
        #expect(multipart.status == 413)
        #expect(multipart.code == "tooManyParts")
        let query = ProblemDetails(RequestSyntaxError(.notANumber, parameter: "limit"))
        #expect(query.status == 400)
        #expect(query.code == "notANumber")
    }
}
