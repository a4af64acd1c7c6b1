package import Cryptography
public import Platform

/// Makes and checks password hashes on a pool of threads of its own, with a bounded number of callers waiting for one.
///
/// A flood of sign-ins so costs at most the pool's threads and their memory (32 MiB each); who comes when all places are taken is
/// told at once to come back later. Some places are kept for known users, who are served first: strangers cannot take these.
public final class PasswordHasher: Sendable {
    /// Computes a hash; nil when the memory cannot be had.
    package typealias Derivation = @Sendable (_ password: [UInt8], _ salt: [UInt8], _ cost: Scrypt.Cost) -> [UInt8]?

    private let pool: BlockingPool
    private let places: HashPlaces
    private let cost: Scrypt.Cost
    private let derive: Derivation
    /// Stands in for the password of a user who does not exist or has none. No password belongs to it.
    private let dummy: PasswordHash

    /// - Parameters:
    ///   - pool: as many threads as there are cores; they are busy to the full.
    ///   - waiting: how many callers may wait for each thread.
    ///   - kept: how many known users may wait for each thread besides them.
    public convenience init(pool: BlockingPool, waiting: Int = 16, kept: Int = 8) {
        self.init(pool: pool, waiting: waiting, kept: kept, cost: .standard) { Scrypt.derive(password: $0, salt: $1, cost: $2) }
    }

    package init(pool: BlockingPool, waiting: Int, kept: Int = 8, cost: Scrypt.Cost, derive: @escaping Derivation) {
        self.pool = pool
        self.cost = cost
        self.derive = derive
        places = HashPlaces(threads: pool.size, known: pool.size * kept, strangers: pool.size * waiting)
        dummy = PasswordHash(
            cost: cost, salt: RandomBytes.make(PasswordHash.saltByteCount), hash: RandomBytes.make(PasswordHash.hashByteCount))
    }

    /// How many callers wait for a thread.
    package var waiting: Int { places.waiting }

    /// The hash of a new password.
    ///
    /// - Precondition: the password has an acceptable length.
    /// - Throws: `.busy`, `.cancelled`, `.closed`.
    public func hash(_ password: Secret, for asker: HashAsker = .stranger) async throws(AccountsError) -> PasswordHash {
        let salt = RandomBytes.make(PasswordHash.saltByteCount)
        return PasswordHash(cost: cost, salt: salt, hash: try await run(password, salt, cost, asker))
    }

    /// Whether a password belongs to a hash. Without a hash the answer is no, after the same work.
    ///
    /// - Throws: `.busy`, `.cancelled`, `.closed`.
    package func verify(
        _ password: Secret, against stored: PasswordHash?, for asker: HashAsker = .stranger
    ) async throws(AccountsError) -> Bool {
        let target = stored ?? dummy
        let hash = try await run(password, target.salt, target.cost, asker)
        return ConstantTime.areEqual(hash, target.hash) && stored != nil
    }

    private func run(
        _ password: Secret, _ salt: [UInt8], _ cost: Scrypt.Cost, _ asker: HashAsker
    ) async throws(AccountsError) -> [UInt8] {
        precondition(PasswordRules.isCheckable(password), "a password is refused for its length before it is hashed")
        let hash = try await places.run(for: asker) { () async throws(AccountsError) in try await derived(password, salt, cost) }
        guard let hash else { throw AccountsError(.busy, "no memory for a password hash") }
        return hash
    }

    private func derived(_ password: Secret, _ salt: [UInt8], _ cost: Scrypt.Cost) async throws(AccountsError) -> [UInt8]? {
        do {
            return try await pool.run { [derive] in derive(Array(password.reveal().utf8), salt, cost) }
        } catch is BlockingPoolClosed {
            throw AccountsError(.closed, "shutting down")
        } catch {
            throw AccountsError(.cancelled, "cancelled")
        }
    }
}
