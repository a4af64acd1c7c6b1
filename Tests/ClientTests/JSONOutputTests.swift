import Foundation
import Synchronization
import TestSupport
import Testing

/// What `--json` prints, of each command and when things go wrong.
@Suite("One JSON object for each file")
struct JSONOutputTests {
    private typealias Object = [String: Any]

    /// - Throws: when a line is no object.
    private func objects(_ program: Program) throws -> [Object] {
        #expect(program.output.isEmpty || program.output.hasSuffix("\n"))
        return try program.output.split(separator: "\n", omittingEmptySubsequences: true).map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? Object)
        }
    }

    private func kinds(_ program: Program) throws -> [String?] {
        try objects(program).map { ($0["error"] as? Object)?["kind"] as? String }
    }

    @Test("put: what was sent, refused and not read, in any order, and nothing else")
    func put() async throws {
        try await CommandPlace.with { place in
            let paths = try ["a", "b\"\n\u{1B}", "c"].map { try place.file($0, Array($0.utf8)) }
            place.server.fail("PUT", .answer(413, type: "/problems/file-too-large"))
            let put = try await place.sluice("put", "--json", "--parallel", "1", place.folder + "/data", place.folder + "/none")
            #expect(put.status == 74)
            let told = try objects(put)
            #expect(told.compactMap { $0["path"] as? String } == paths + [place.folder + "/none"])
            #expect(try kinds(put) == ["refused", nil, nil, "local"])
            #expect(told.compactMap { $0["id"] as? String } == place.server.files.map(\.id))
        }
    }

    @Test("each member of each line, and nothing else, under the name that the server has given")
    func members() async throws {
        try await CommandPlace.with { place in
            place.server.state.withLock { $0.name = "_con" }
            let path = try place.file("con", [1, 2, 3])
            let digest = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
            let put = try await place.sluice("put", "--json", path)
            let id = try #require(place.server.files.first?.id)
            #expect(put.output == #"{"path":"\#(path)","id":"\#(id)","name":"_con","size":3,"sha256":"\#(digest)"}"# + "\n")
            let target = place.folder + "/mine"
            let get = try await place.sluice("get", "--json", id, "--output", target)
            #expect(get.output == #"{"id":"\#(id)","path":"\#(target)"}"# + "\n")
            #expect(FileManager.default.contents(atPath: target) == Data([1, 2, 3]))
            #expect(try await place.sluice("get", id, "--output", target).status == 74)
            #expect(try await place.sluice("get", "--force", id, "--output", target).status == 0)
            #expect(try await place.sluice("rm", "--json", id).output == #"{"id":"\#(id)"}"# + "\n")
        }
    }

    @Test("a server that ends it all, or is busy, is an object of the file that met it", arguments: ["put", "get", "rm"])
    func ends(command: String) async throws {
        try await CommandPlace.with { place in
            let id = place.server.add("a", [1])
            let subject = command == "put" ? try place.file("a", [1]) : id
            let name = command == "put" ? "path" : "id"
            let away = try ReservedPort()
            for (changes, status, kind) in [
                (["SLUICE_TOKEN": "slc_stolen"], Int32(77), "token-refused"),
                (["SLUICE_URL": "http://127.0.0.1:\(away.number)"], 69, "unreachable"),
            ] {
                let result = try await place.sluice(command, "--json", "--patience", "300ms", subject, with: changes)
                #expect(result.status == status)
                #expect(try objects(result).map { $0[name] as? String } == [subject])
                #expect(try kinds(result) == [kind])
                #expect(result.errors.split(separator: "\n").count == 1)
            }
            withExtendedLifetime(away) {}
            let method = ["put": "PUT", "get": "GET", "rm": "DELETE"][command] ?? ""
            place.server.fail(method, .answer(503, fields: ["retry-after": "3600"]))
            let busy = try await place.sluice(command, "--json", subject)
            #expect(busy.status == 75)
            #expect(try kinds(busy) == ["postponed"])
        }
    }

    @Test("wrong use, wrong configuration, and ls that is refused: standard output is empty")
    func nothing() async throws {
        try await CommandPlace.with { place in
            for (arguments, changes, status) in [
                (["put", "--json"], [:], Int32(64)), (["ls", "--json"], ["SLUICE_URL": ""], 78),
                (["ls", "--json"], ["SLUICE_TOKEN": "slc_stolen"], 77),
            ] {
                let result = try await Program.run(
                    "sluice", arguments, environment: place.environment.merging(changes) { $1 })
                #expect(result.status == status)
                #expect(result.output.isEmpty && !result.errors.isEmpty)
            }
        }
    }

    @Test("what could not be written to standard output is told by the same command, and not sent again")
    func untold() async throws {
        try await CommandPlace.with { place in
            for index in 0..<20 { _ = try place.file("\(index)", [UInt8(index)]) }
            let child = try ChildProcess(
                [Program.folder + "/sluice", "put", "--json", place.folder + "/data"], environment: place.environment,
                output: .file("/dev/full"))
            #expect(await child.end() == 74)
            let sent = place.server.files.count
            #expect((1..<20).contains(sent), "it goes on although nobody is told")
            let again = try await place.sluice("put", "--json", place.folder + "/data")
            #expect(again.status == 0)
            #expect(place.server.files.count == 20)
            #expect(try Set(objects(again).compactMap { $0["id"] as? String }) == Set(place.server.files.map(\.id)))
        }
    }
}
