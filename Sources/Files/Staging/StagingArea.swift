import Cryptography
import Glibc
public import Platform
import Synchronization

/// The directory in which uploads wait, safe on disk, for their transfer.
///
/// `incoming/` holds uploads that are being received, in a directory for each process that receives; `ready/` the containers of
/// the files that have rows, whole and durable: what has no row there is of no meaning, and swept; `partial/` resumable uploads,
/// each under its id, of which their rows say how much is durable.
public final class StagingArea: Sendable {
    public let configuration: StagingConfiguration
    package let pool: BlockingPool
    /// For syncs of long uploads on the way: few, and nobody waits for them but the upload itself.
    let syncPool = BlockingPool(name: "sync", size: 2)
    let inlineBudget: InlineBudget
    public let buffers: BufferBudget
    private let space: FreeSpace
    private let opened = Mutex<(directories: StagingDirectories, identity: AreaIdentity)?>(nil)
    /// See `hold()`.
    let held = Atomic(false)
    /// Made with the first upload: a worker never needs one.
    private let receiving = Mutex<ReceivingDirectory?>(nil)

    /// - Parameter pool: where all access to the disk happens; at least 4 threads.
    public init(configuration: StagingConfiguration, pool: BlockingPool) {
        self.configuration = configuration
        self.pool = pool
        inlineBudget = InlineBudget(bytes: configuration.inlineBudget)
        buffers = BufferBudget(configuration)
        space = FreeSpace(configuration, pool: pool)
    }

    /// Makes what is missing and opens the area. Blocks; to be called once before everything else.
    ///
    /// - Parameter isMaking: whether a directory that is no area becomes one. False for whoever only carries files away: on the bare
    ///   mount point of a volume that is not there it would find no file that it is asked for.
    /// - Throws: `.noArea` when there is none and none may be made, `.storage`, `.misuse` for an area of another id.
    public func prepare(isMaking: Bool = true) throws(FilesError) {
        let file = AreaFile(root: configuration.root)
        if !isMaking { _ = try file.readOrMake(configuration.areaID, isMaking: false) }
        let directories = try StagingDirectories(root: configuration.root)
        let id = try file.readOrMake(configuration.areaID, isMaking: isMaking)
        if isMaking { try file.checkLocks() }
        let identity = AreaIdentity(name: id, instance: try InstanceFile(root: configuration.root).readOrMake())
        opened.withLock { $0 = (directories, identity) }
    }

    /// The id of the area, which names the queue of its transfers. Nil before `prepare()`.
    public var areaID: String? { identity?.name }

    /// Nil before `prepare()`.
    package var identity: AreaIdentity? { opened.withLock { $0?.identity } }

    /// Begins an upload.
    ///
    /// - Parameters:
    ///   - limit: the most bytes it may have.
    ///   - expected: how many it will have, where the peer has announced that; refused at once if there is no room for them.
    /// - Throws: `.stagingFull`, `.tooLarge` (announced), `.storage`.
    public func makeUpload(limit: Int64, expected: Int64 = 0) async throws(FilesError) -> StagedUpload {
        guard expected <= limit else { throw FilesError(.tooLarge, "more than \(limit) bytes") }
        _ = try directories()
        try await checkSpace(for: max(0, expected))
        return StagedUpload(area: self, limit: limit)
    }

    /// Whether there is room for `count` more bytes; cheap, measured at most once a second.
    ///
    /// - Throws: `.stagingFull`, `.storage` when the file system does not answer, or `.database` while the area is held.
    public func checkSpace(for count: Int64 = 0) async throws(FilesError) {
        try checkHold()
        try await space.check(for: count)
    }

    /// The path of a container.
    public func path(of container: UUIDv7) -> String {
        "\(configuration.root)/ready/\(container)"
    }

    /// Removes containers. Those already gone count as removed; whoever is reading them reads on.
    public func remove(_ containers: [UUIDv7]) async throws(FilesError) {
        let directories = try directories()
        try await onPool { () throws(FilesError) in
            for container in containers where unlinkat(directories.ready, container.description, 0) != 0 && errno != ENOENT {
                throw .system("unlink", errno)
            }
        }
    }

    /// Gives up a received file that is not going to be accepted.
    public func discard(_ file: ReceivedFile) async {
        guard case .incoming(let incoming) = file.content else { return }
        // Shielded: a cancelled caller must clean up too. If the pool has ended, letting go of the file removes it.
        _ = await Task { [pool] in try await pool.run { incoming.remove() } }.result
    }

    func directories() throws(FilesError) -> StagingDirectories {
        try checkHold()
        guard let directories = opened.withLock({ $0?.directories }) else { throw FilesError(.misuse, "the staging area is not prepared") }
        return directories
    }

    func makeFile() async throws(FilesError) -> IncomingFile {
        let directories = try directories()
        return try await onPool { [self] () throws(FilesError) in
            try IncomingFile(in: directories, receiving: receivingDirectory(in: directories))
        }
    }

    private func receivingDirectory(in directories: StagingDirectories) throws(FilesError) -> ReceivingDirectory {
        try receiving.withLock { receiving throws(FilesError) in
            if let receiving { return receiving }
            let made = try ReceivingDirectory(in: directories)
            receiving = made
            return made
        }
    }

    func onPool<T: Sendable>(_ body: @escaping @Sendable () throws(FilesError) -> T) async throws(FilesError) -> T {
        do {
            return try await pool.run(body)
        } catch {
            throw FilesError(error)
        }
    }
}
