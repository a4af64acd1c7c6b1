import Testing

extension OverSockets {
    /// What the parser of forms refuses, as the client and the process see it.
    @Suite("Refusals of forms")
    struct FormRefusalTests {
        private static let delimiter = "--\(Form.boundary)\r\n"
        private static let disposition = "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n"

        /// The next part of a form, up to where it is refused.
        private static let parts: [(part: String, status: Int, code: String)] = [
            // H6: fields too many, and too long.
            (delimiter + disposition + (0..<16).map { "X-\($0): y\r\n" }.joined() + "\r\n", 431, "tooManyHeaders"),
            (delimiter + disposition + "X: " + String(repeating: "y", count: 9000) + "\r\n\r\n", 431, "headersTooLarge"),
            // H16: folded.
            (delimiter + disposition + " y\r\n\r\n", 400, "foldedHeader"),
            // H18: brackets.
            (delimiter + "Content-Disposition: form-data; name=\"a\(String(repeating: "[", count: 200))\"\r\n\r\n", 400, "nameTooLong"),
            // H19: an empty file name, and what is nearly a boundary.
            (
                delimiter + "Content-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--\(Form.boundary)X\r\n", 400,
                "malformedDelimiter"
            ),
            // H21: a form in a form, and an encoded part.
            (delimiter + disposition + "Content-Type: multipart/mixed; boundary=x\r\n\r\n", 400, "nestedMultipart"),
            (delimiter + disposition + "Content-Transfer-Encoding: base64\r\n\r\n", 400, "encodedPart"),
        ]

        @Test(
            "H6 H16 H18 H19 H21 what is refused behind a good file has its status, ends the connection and leaves nothing", arguments: parts
        )
        func behindGoodFile(part: String, status: Int, code: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.post(Form(), token: account.token, ["Content-Length: 5000000"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                try await peer.send(Form().file("good").unended + Array(part.utf8))
                let answer = try await peer.receive(call)
                #expect(answer.status == status && answer["connection"] == "close")
                #expect(try answer.decode(Problem.self).code == code)
                #expect(try await peer.receiveEnd() == .closed)
                try await server.expectNothingLeft(of: account)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status == 200)
            }
        }

        @Test(
            "H6 H7 a form that never comes to a part is cut",
            arguments: [("", 400, "preambleTooLong"), (delimiter, 431, "headersTooLarge"), (delimiter + "X: ", 431, "headersTooLarge")])
        func neverBegins(start: String, status: Int, code: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.post(Form(), token: account.token, ["Content-Length: 5000000000"])
                let peer = try await server.connect()
                try await peer.send(call.head + start)
                let (sent, isCut) = try await peer.flood([UInt8](repeating: 0x61, count: 1 << 16), atMost: 256 << 20)
                #expect(isCut && sent < 64 << 20, "\(sent)")
                let answer = try await peer.receive(call)
                #expect(answer.status == status)
                #expect(try answer.decode(Problem.self).code == code)
                try await server.expectNothingLeft(of: account)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status == 200)
            }
        }
    }
}
