public import Synchronization

/// Lets others cancel what a task is doing at the moment, without owning the task.
///
/// A task that works through many items opens the target once (`bind`) and names each item while it works on it. Whoever
/// wants an item stopped names it too; if the task has gone on to another item by then, nothing happens. A cancelled
/// task stays cancelled, so it should end after the item.
///
/// Inlinable because it is used for every item: unspecialised, it was a tenth of the CPU of a worker.
public final class CancellationTarget<Item: Equatable & Sendable>: Sendable {
    /// Unchecked because `UnsafeCurrentTask` is not Sendable: only `cancel()`, which may be called from anywhere, is used
    /// outside the task, and only under the lock that also guards the end of the scope in which the handle is valid.
    @usableFromInline struct Handle: @unchecked Sendable {
        @usableFromInline let task: UnsafeCurrentTask

        @usableFromInline init(task: UnsafeCurrentTask) {
            self.task = task
        }
    }

    @usableFromInline struct State {
        @usableFromInline var handle: Handle?
        @usableFromInline var item: Item?

        @inlinable init() {}
    }

    @usableFromInline let state = Mutex(State())

    @inlinable public init() {}

    /// Makes the calling task the one to cancel for as long as `body` runs.
    @inlinable public func bind(_ body: () async -> Void) async {
        await withUnsafeCurrentTask { task in
            let handle = task.map { Handle(task: $0) }
            state.withLock { $0.handle = handle }
            await body()
            state.withLock { $0 = State() }
        }
    }

    /// Names the item that the task works on from now on; nil means none.
    @inlinable public func work(on item: Item?) {
        state.withLock { $0.item = item }
    }

    /// Cancels the task if it works on `item`. Cancellation handlers of the task run before this returns and must not
    /// wait for the task.
    @inlinable public func cancel(_ item: Item) {
        state.withLock { state in
            if state.item == item { state.handle?.task.cancel() }
        }
    }
}
