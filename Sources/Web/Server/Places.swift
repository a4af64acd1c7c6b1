import Synchronization

/// Places in this process for what takes a while: so many in all, and so many for each holder. Nobody waits for one.
package final class Places<Holder: Hashable & Sendable>: Sendable {
    /// Why there is no place.
    enum Refusal: Error {
        /// The holder has as many as one may have.
        case holderIsFull
        case allAreTaken
    }

    /// A place, as long as it exists: whatever becomes of its use, it is given back.
    final class Place: Sendable {
        private let places: Places
        private let holder: Holder

        fileprivate init(_ places: Places, _ holder: Holder) {
            self.places = places
            self.holder = holder
        }

        deinit { places.leave(holder) }
    }

    private struct State {
        var all = 0
        var holders: [Holder: Int] = [:]
    }

    private let limit: Int
    private let limitOfHolder: Int
    private let state = Mutex(State())

    init(limit: Int, limitOfHolder: Int) {
        self.limit = limit
        self.limitOfHolder = limitOfHolder
    }

    func enter(_ holder: Holder) throws(Refusal) -> Place {
        let refusal: Refusal? = state.withLock { state in
            guard state.holders[holder, default: 0] < limitOfHolder else { return .holderIsFull }
            guard state.all < limit else { return .allAreTaken }
            state.all += 1
            state.holders[holder, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
        return Place(self, holder)
    }

    private func leave(_ holder: Holder) {
        state.withLock { state in
            state.all -= 1
            let left = state.holders[holder, default: 1] - 1
            state.holders[holder] = left > 0 ? left : nil
        }
    }
}
