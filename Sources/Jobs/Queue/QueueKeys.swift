/// The keys of one partition of a queue: the only place where they are made.
///
/// All share the hash tag `{q:<queue>:<partition>}`, hence one slot of a cluster, hence one script.
package struct QueueKeys: Sendable {
    package let prefix: String
    /// In the order of `Scripts/lanes.lua`.
    package let all: [String]

    /// - Throws: `.invalidJob` for a name that does not fit into a key.
    package init(queue: String, partition: Int = 0) throws(JobsError) {
        guard JobName.isQueue(queue) else { throw JobsError(.invalidJob, "a queue name has 1 to 64 of A-Z a-z 0-9 . _ @ -") }
        let prefix = "{q:\(queue):\(partition)}:"
        self.prefix = prefix
        all = ["l", "d", "x", "g", "c", "wake", "ring", "aside", "q", "p", "k", "u", "i", "ids:", "r:", "j:", "p:"].map { prefix + $0 }
    }

    package var leases: String { all[0] }
    package var delayed: String { all[1] }
    package var dead: String { all[2] }
    package var grave: String { all[3] }
    package var control: String { all[4] }
    package var wake: String { all[5] }
    package var ring: String { all[6] }
    package var aside: String { all[7] }
    package var parked: String { all[9] }
    package var unique: String { all[11] }
    /// All that are whole keys; the others are prefixes.
    package var structures: [String] { Array(all[..<13]) }

    /// The set of the ids that are not UUIDs of version 7; those are spread over many.
    package var otherIDs: String { all[13] }

    package func ready(lane: String) -> String { all[14] + lane }
    package func parked(kind: String) -> String { all[16] + kind }
    package func body(of id: String) -> String { all[15] + id }
}
