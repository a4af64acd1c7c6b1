import Accounts
import Foundation
import Testing

@Suite("The rules of sessions, as docs/signing-in.md has them")
struct WrittenLimitsTests {
    @Test("ASVS 7.1.1 7.1.2 idle and absolute limit, the number of sessions, and where NIST says otherwise are written down")
    func limits() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized
        let text = try String(contentsOf: root.appendingPathComponent("docs/signing-in.md"), encoding: .utf8)
        let limits = SessionLimits()
        #expect(text.contains("| idle limit | \(limits.idle.components.seconds / 60) minutes (`SessionLimits.idle`)"))
        #expect(text.contains("| absolute limit | \(limits.lifetime.components.seconds / 3600) hours from signing in"))
        #expect(text.contains("| sessions of a user at a time | any number"))
        #expect(text.contains("NIST SP 800-63B"))
    }
}
