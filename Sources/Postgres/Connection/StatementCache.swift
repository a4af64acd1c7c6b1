/// Which statements a connection has prepared, by text and parameter types; bounded, the least recently used goes first. Those for lists
/// are prepared anew from time to time.
package struct StatementCache {
    package struct Key: Hashable {
        let text: String
        let types: [UInt32]

        package init(text: String, types: [UInt32]) {
            self.text = text
            self.types = types
        }

        /// Whether a parameter stands for any number of values. Lists of strings have no type here, and do not count.
        var hasList: Bool { types.contains { PostgresType(oid: $0).isArray } }
    }

    private struct Entry {
        let name: String
        var lastUse: UInt64
        /// Until when it is used; nil: for good.
        let end: ContinuousClock.Instant?
    }

    private let capacity: Int
    private let listLifetime: Duration
    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0
    private var issued: UInt64 = 0

    package init(capacity: Int, listLifetime: Duration) {
        self.capacity = capacity
        self.listLifetime = listLifetime
    }

    package var count: Int { entries.count }

    /// The name of a prepared statement, which counts as a use.
    package mutating func name(for key: Key) -> String? {
        clock += 1
        guard let index = entries.index(forKey: key), entries.values[index].end.map({ .now < $0 }) ?? true else { return nil }
        entries.values[index].lastUse = clock
        return entries.values[index].name
    }

    /// A name nothing else has on this connection.
    package mutating func makeName() -> String {
        issued += 1
        return "s\(issued)"
    }

    /// What has to be deallocated on the server, and then removed here, before a statement that has no name, or none any more, is prepared.
    package func victim(for key: Key) -> (key: Key, name: String)? {
        if let outdated = entries[key] { return (key, outdated.name) }
        guard entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        return (oldest.key, oldest.value.name)
    }

    package mutating func remove(_ key: Key) {
        entries[key] = nil
    }

    /// Records a statement the server has prepared. See `victim` first.
    package mutating func insert(_ key: Key, name: String) {
        clock += 1
        entries[key] = Entry(name: name, lastUse: clock, end: key.hasList ? .now + listLifetime : nil)
    }

    /// Forgets all statements; names go on being new ones.
    package mutating func removeAll() {
        entries = [:]
    }
}
