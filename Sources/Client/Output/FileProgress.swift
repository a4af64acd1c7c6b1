/// Tells the board how far one file is.
struct FileProgress: Sendable {
    let board: ProgressBoard
    let item: Int

    /// What is before this was there already: it is done, and says nothing of how fast bytes go.
    func starts(at position: Int64) {
        board.start(item, at: position)
    }

    /// The bytes up to here are on their way or there.
    func reached(_ position: Int64) {
        board.update(item, position)
    }
}
