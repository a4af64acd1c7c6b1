/// Which statements a connection has prepared, by text and parameter types; bounded, the least recently used goes first.
package struct StatementCache {
    package struct Key: Hashable {
        let text: String
        let types: [UInt32]

        package init(text: String, types: [UInt32]) {
            self.text = text
            self.types = types
        }
    }

    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0
    private var issued: UInt64 = 0

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package var count: Int { entries.count }

    /// The name of a prepared statement, which counts as a use.
    package mutating func name(for key: Key) -> String? {
        clock += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].lastUse = clock
        return entries.values[index].name
    }

    /// A name nothing else has on this connection.
    package mutating func makeName() -> String {
        issued += 1
        return "s\(issued)"
    }

    /// Makes room for one more; the name returned has to be deallocated on the server.
    package mutating func evict() -> String? {
        guard entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        entries[oldest.key] = nil
        return oldest.value.name
    }

    /// Records a statement the server has prepared. Call `evict` first.
    package mutating func insert(_ key: Key, name: String) {
        clock += 1
        entries[key] = Entry(name: name, lastUse: clock)
    }

    /// Forgets all statements; names go on being new ones.
    package mutating func removeAll() {
        entries = [:]
    }
}
