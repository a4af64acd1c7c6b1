import Files
import Foundation
import Platform
import Testing

@Suite("The id of a disk")
struct AreaInstanceTests {
    @Test("a disk keeps its id, whoever prepares it, and no other disk has it")
    func kept() async throws {
        try await TestStaging.with { area in
            let instance = try #require(area.identity?.instance)
            for isMaking in [true, false] { #expect(try Self.prepared(area.configuration.root, isMaking: isMaking) == instance) }
            try await TestStaging.with { #expect($0.identity?.instance != instance) }
        }
    }

    @Test("an area of a former version gets an id, once, whatever number of processes start on it together", arguments: [true, false])
    func together(isMaking: Bool) async throws {
        for _ in 0..<20 {
            try await TestStaging.with { area in
                let root = area.configuration.root
                #expect(unlink(root + "/instance") == 0)
                let instances = try await withThrowingTaskGroup(of: UUIDv7?.self) { group in
                    for _ in 0..<8 { group.addTask { try Self.prepared(root, isMaking: isMaking) } }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(instances.count == 1 && instances.first.map { $0 != nil } == true)
                #expect(try Self.prepared(root) == instances.first)
                #expect(Set(TestStaging.names(in: root)) == ["area", "instance", "incoming", "ready", "partial"], "no draft is left")
            }
        }
    }

    @Test(
        "what holds no id is no new disk: refused, told, and left as it is",
        arguments: ["", "\n", "01a20576-e06f-7478-", "no id", "01a20576-e06f-7478-8249-d2dd32ce780f1\n", "\u{0}\u{0}\u{0}\u{0}"])
    func garbage(content: String) async throws {
        try await TestStaging.with { area in
            let file = area.configuration.root + "/instance"
            try Data(content.utf8).write(to: URL(fileURLWithPath: file))
            for isMaking in [true, false] {
                let error = #expect(throws: FilesError.self) { try Self.prepared(area.configuration.root, isMaking: isMaking) }
                #expect(error?.code == .storage && error?.message.contains("`instance`") == true, "\(String(describing: error))")
            }
            #expect(TestStaging.content(of: file) == Array(content.utf8))
        }
    }

    @Test("a volume that is exchanged under a process, or taken away, shows in the health of the area until it is back")
    func exchanged() async throws {
        try await TestStaging.with(configure: { $0.areaID = "default" }) { area in
            let root = area.configuration.root
            #expect(await area.healthCheck.check() == nil)
            #expect(rename(root, root + ".away") == 0)
            #expect(await area.healthCheck.check() != nil)
            _ = try Self.prepared(root, name: "default")
            #expect(await area.healthCheck.check()?.contains("another one") == true)
            #expect(await !area.isThere())
            try FileManager.default.removeItem(atPath: root)
            #expect(rename(root + ".away", root) == 0)
            #expect(await area.healthCheck.check() == nil)
            #expect(await area.isThere())
        }
    }

    private static func prepared(_ root: String, name: String? = nil, isMaking: Bool = true) throws -> UUIDv7? {
        let area = StagingArea(configuration: .init(root: root, areaID: name), pool: BlockingPool(name: "x", size: 1))
        try area.prepare(isMaking: isMaking)
        return area.identity?.instance
    }
}
