import Accounts
import FoundationEssentials
import Platform
import Synchronization
import TestSupport
import Testing
import Web

/// A browser as far as the server can tell: it keeps cookies, sends what browsers send along, and looks at every page it gets.
final class Browser: Sendable {
    private struct State {
        var cookies: [String: String] = [:]
        var csrf = ""
    }

    struct Lost: Error {
        let answer: Answer
    }

    static let origin = "https://sluice.test"

    let server: WebServer
    /// Nobody else's, so that no limit of another test is met.
    let network: String
    private let state = Mutex(State())

    init(_ server: WebServer, network: String = .randomNetwork) {
        self.server = server
        self.network = network
    }

    var cookies: [String: String] {
        get { state.withLock { $0.cookies } }
        set { state.withLock { $0.cookies = newValue } }
    }

    /// The token of the last page.
    var csrf: String { state.withLock { $0.csrf } }

    var ticket: SessionTicket? { cookies["__Host-sluice"].flatMap { SessionTicket(cookie: $0) } }

    /// What goes along with every request of this browser.
    func fields(_ more: [String] = []) -> [String] {
        let jar = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return ["X-Forwarded-For: \(network)", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"]
            + (jar.isEmpty ? [] : ["Cookie: \(jar)"]) + more
    }

    @discardableResult
    func send(_ call: HTTPCall, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        let peer = try await server.connect()
        // A server that refuses a large body may end the connection while it is still being sent.
        try? await peer.send(call.bytes)
        var answer = try await peer.receive(isHead: call.method == "HEAD")
        while answer.status < 200 { answer = try await peer.receive() }
        await peer.close()
        take(answer)
        if answer["content-type"]?.hasPrefix("text/html") == true { Page.check(answer, sourceLocation: sourceLocation) }
        return answer
    }

    /// Goes to a page.
    @discardableResult
    func get(_ path: String, _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        try await send(
            HTTPCall("GET", path, fields(["Accept: text/html,*/*;q=0.8", "Sec-Fetch-Site: same-origin"] + more)),
            sourceLocation: sourceLocation)
    }

    /// Sends a form of the last page, with its token.
    @discardableResult
    func post(
        _ path: String, _ form: KeyValuePairs<String, String> = [:], _ more: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await post(path, form.map { ($0, $1) }, more, sourceLocation: sourceLocation)
    }

    private func post(
        _ path: String, _ form: [(String, String)], _ more: [String], sourceLocation: SourceLocation
    ) async throws -> Answer {
        let pairs = [("csrf", csrf)] + form
        let body = pairs.map { "\($0)=\($1.formEncoded)" }.joined(separator: "&")
        return try await send(
            HTTPCall(
                "POST", path,
                fields(
                    [
                        "Accept: text/html", "Origin: \(Self.origin)", "Sec-Fetch-Site: same-origin",
                        "Content-Type: application/x-www-form-urlencoded",
                    ] + more), body: Array(body.utf8)), sourceLocation: sourceLocation)
    }

    /// Goes to a form and sends it with its captcha solved.
    @discardableResult
    func fill(
        _ path: String, _ form: KeyValuePairs<String, String>, _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let (id, letters) = try await solved(try await get(path, sourceLocation: sourceLocation))
        let captcha = [("captcha", letters), ("captcha_id", id)]
        return try await post(path, form.map { ($0, $1) } + captcha, more, sourceLocation: sourceLocation)
    }

    /// Calls the API as scripts do.
    func call(_ method: String, _ path: String, _ more: [String] = [], body: [UInt8] = []) async throws -> Answer {
        try await send(
            HTTPCall(
                method, path,
                fields(
                    ["Accept: application/json", "Sec-Fetch-Site: same-origin"] + (method == "GET" ? [] : ["X-CSRF-Token: \(csrf)"]) + more),
                body: body))
    }

    /// Follows an answer that says where to go.
    func follow(_ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer {
        guard answer.status == 303, let path = answer["location"] else { throw Lost(answer: answer) }
        return try await get(path, sourceLocation: sourceLocation)
    }

    private func take(_ answer: Answer) {
        state.withLock { state in
            for (name, value) in answer.fields where name == "set-cookie" {
                let pair = value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                state.cookies[String(pair[0])] = value.contains("Max-Age=0") ? nil : String(pair[1])
                if pair[1].utf8.count > 40 { Recorder<String>.secrets.record(String(pair[1].prefix(43))) }
            }
            if let token = Page.csrf(answer.text), !token.isEmpty { state.csrf = token }
        }
    }
}

extension Browser {
    static let password = "correct horse battery"

    /// A new user with the usual password, and with mails to an address of its own.
    func member(_ name: String = "u" + UUIDv7().description.replacing("-", with: "")) async throws -> User {
        try await server.signIn.users.add(
            name: name, email: "\(name.lowercased())@example.org", password: server.hasher.hash(Secret(Self.password)))
    }

    /// The captcha of the form on a page, and its solution.
    func solved(_ page: Answer) async throws -> (id: String, letters: String) {
        guard let id = Page.value(of: "captcha_id", in: page.text), let captcha = CaptchaID(id), let ticket,
            case .live(let session) = try await server.signIn.sessions.touch(ticket, isActivity: false),
            let challenge = server.signIn.captchas.find(captcha, for: session)
        else { throw Lost(answer: page) }
        return (id, challenge.letters)
    }

    /// When the server last took something that this browser did for activity; 0 without a session.
    func lastUse() async throws -> Double {
        guard let ticket, case .live(let session) = try await server.signIn.sessions.touch(ticket, isActivity: false) else { return 0 }
        return session.lastUsedAt.timeIntervalSince1970
    }

    /// Sends the login form.
    func login(_ name: String, _ password: String = Browser.password) async throws -> Answer {
        try await fill("/login", ["login": name, "password": password])
    }

    /// The code of the last mail to anybody.
    func lastCode() async throws -> String {
        guard let id = server.codes.all.last, let mail = try await server.signIn.mail(for: id) else { throw WebDatabase.Missing() }
        return mail.code.reveal()
    }

    /// Signs in all the way to the home page.
    @discardableResult
    func enter(_ name: String, _ password: String = Browser.password) async throws -> Answer {
        let page = try await follow(try await login(name, password))
        #expect(page.text.contains("Enter your code"))
        return try await follow(try await post("/login/code", ["code": try await lastCode()]))
    }
}

extension WebServer {
    /// Runs `body` beside a server with a Redis of its own.
    static func withRedis(
        _ settings: [String: String] = [:], onPage: @escaping PageObserver = { _, _, _ in },
        _ body: @escaping @Sendable (WebServer, RedisServerProcess) async throws -> Void
    ) async throws {
        let redis = try await RedisServerProcess.start()
        var options = Options(settings: settings)
        options.onPage = onPage
        options.redis = redis
        try await run(options) { try await body($0, redis) }
    }
}

extension String {
    /// An address that no other test has.
    static var randomNetwork: String { (0..<4).map { _ in String(UInt8.random(in: 1...254)) }.joined(separator: ".") }

    var formEncoded: String {
        utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
