import Postgres
import TestSupport
import Testing

extension WebServer {
    /// Runs `body` while the rows of files are locked, as by an operator's statement that does not get on.
    ///
    /// - Parameter body: is given what lets them go; when it has not used it, the end of `body` does.
    func whileFilesAreLocked(_ body: (Gate) async throws -> Void) async throws {
        let (gate, locked) = (Gate(), Recorder<Void>())
        gate.close()
        async let lock: Void = pool.transaction { session in
            try session.execute("LOCK TABLE files IN ACCESS EXCLUSIVE MODE")
            locked.record(())
            gate.pass()
        }
        defer { gate.open() }
        #expect(await eventually { !locked.all.isEmpty })
        try await body(gate)
        gate.open()
        try await lock
    }
}
