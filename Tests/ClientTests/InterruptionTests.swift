import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Interrupting the client")
struct InterruptionTests {
    /// Runs a program on a terminal of its own, types Ctrl-C there when a file appears, and ends with its status.
    private static let script = """
        import os, pty, select, sys, time
        trigger, command = sys.argv[1], sys.argv[2:]
        child, terminal = pty.fork()
        if child == 0: os.execv(command[0], command)
        typed = False
        while True:
            if not typed and os.path.exists(trigger):
                os.write(terminal, b"\\x03")
                typed = True
            if select.select([terminal], [], [], 0.05)[0]:
                try: data = os.read(terminal, 65536)
                except OSError: break
                os.write(1, data)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256)
        """

    @Test("Ctrl-C on a terminal: 130, progress is off the screen, and the upload goes on where it was")
    func terminal() async throws {
        try await CommandPlace.with { place in
            let content = ClientFixture.bytes(2 << 20)
            let path = try place.file("large", content)
            place.server.fail("PATCH", .cut(after: 1 << 20), .hang)
            let (screen, trigger) = (place.folder + "/screen", place.folder + "/now")
            let command = ["python3", "-c", Self.script, trigger, Program.folder + "/sluice", "put", "--resumable-from", "1", path]
            let environment = place.environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
            let child = try ChildProcess(command, environment: environment, output: .file(screen))
            try await place.reached("PATCH", 2)
            let end = ContinuousClock.now + Duration.seconds(10).stretched
            while try !String(contentsOfFile: screen, encoding: .utf8).contains("large [") {
                try #require(ContinuousClock.now < end, "no progress is shown")
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(FileManager.default.createFile(atPath: trigger, contents: nil))
            #expect(await child.end() == 130)
            #expect(try String(contentsOfFile: screen, encoding: .utf8).hasSuffix("A\r\u{1B}[J"))
            #expect(try await place.sluice("put", "--resumable-from", "1", path).status == 0)
            #expect(place.server.files.map(\.content) == [content])
            #expect(place.server.seen("PATCH").last?.fields["upload-offset"] == String(1 << 20))
        }
    }

    @Test("of what was in the middle nothing is said", arguments: ["put", "get", "ls", "rm"])
    func silent(command: String) async throws {
        try await CommandPlace.with { place in
            let id = place.server.add("a", [1])
            let (method, subject) =
                switch command {
                case "put": ("PUT", [try place.file("a", [1])])
                case "rm": ("DELETE", [id])
                case "get": ("GET", [id])
                default: ("GET", [])
                }
            place.server.fail(method, .hang)
            let output = place.folder + "/output"
            let child = try ChildProcess(
                [Program.folder + "/sluice", command, "--json"] + subject, environment: place.environment, output: .file(output),
                errors: nil)
            try await place.reached(method, 1)
            child.signal(SIGINT)
            #expect(await child.end() == 130)
            #expect(try String(contentsOfFile: output, encoding: .utf8).isEmpty)
        }
    }

    @Test("a pipe that nobody reads holds up neither the end after a while nor the second signal", arguments: [1, 2])
    func stuck(signals: Int) async throws {
        try await CommandPlace.with { place in
            let id = place.server.add("large", ClientFixture.bytes(4 << 20))
            let (child, _) = try place.start("get", id, "--output", "-", output: .piped)
            try await place.reached("GET", 2)
            // The pipe is full when nothing more of it is written.
            try await Task.sleep(for: .milliseconds(500))
            let start = ContinuousClock.now
            child.signal(SIGINT)
            if signals == 2 {
                try await Task.sleep(for: .milliseconds(300))
                child.signal(SIGINT)
            }
            #expect(await child.end() == 130)
            let time = ContinuousClock.now - start
            #expect(signals == 2 ? time < .seconds(4) : time < Duration.seconds(8).stretched)
        }
    }
}
