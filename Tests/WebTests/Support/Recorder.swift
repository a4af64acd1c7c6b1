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
