import Synchronization
import TestSupport

/// Collects what happens on any thread.
final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }

    func record(_ element: Element) {
        elements.withLock { $0.append(element) }
    }

    func record(contentsOf more: [Element]) {
        elements.withLock { $0 += more }
    }
}

extension Recorder<String> {
    /// Every token made by these tests.
    static let secrets = Recorder<String>()
}

/// Whether `condition` comes true within fifteen seconds, stretched. For effects that the server signals to nobody.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + Duration.seconds(15).stretched
    repeat {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    } while ContinuousClock.now < end
    return false
}
