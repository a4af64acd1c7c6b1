import Synchronization

extension StagingArea {
    /// Keeps everybody from the disk until it is known to be the area that it says it is.
    func hold() { held.store(true, ordering: .releasing) }

    /// Ends that.
    func letGo() { held.store(false, ordering: .releasing) }

    var isHeld: Bool { held.load(ordering: .acquiring) }

    func checkHold() throws(FilesError) {
        guard !isHeld else { throw FilesError(.database, "the staging area has not been compared with its entry in the database") }
    }
}
