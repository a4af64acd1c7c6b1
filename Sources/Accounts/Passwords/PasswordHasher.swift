package import Cryptography
public import Platform
import Synchronization

/// Makes and checks password hashes on a pool of threads of its own, with a bounded number of callers waiting for one.
///
/// A flood of sign-ins so costs at most the pool's threads and their memory (32 MiB each); who comes when all places are taken is
/// told at once to come back later.
public final class PasswordHasher: Sendable {
    /// Computes a hash; nil when the memory cannot be had.
    package typealias Derivation = @Sendable (_ password: [UInt8], _ salt: [UInt8], _ cost: Scrypt.Cost) -> [UInt8]?

    private let pool: BlockingPool
    private let places: Int
    private let cost: Scrypt.Cost
    private let derive: Derivation
    private let taken = Atomic(0)
    /// Stands in for the password of a user who does not exist or has none. No password belongs to it.
    private let dummy: PasswordHash

    /// - Parameters:
    ///   - pool: as many threads as there are cores; they are busy to the full.
    ///   - waiting: how many callers may wait for each thread.
    public convenience init(pool: BlockingPool, waiting: Int = 16) {
        self.init(pool: pool, waiting: waiting, cost: .standard) { Scrypt.derive(password: $0, salt: $1, cost: $2) }
    }

    package init(pool: BlockingPool, waiting: Int, cost: Scrypt.Cost, derive: @escaping Derivation) {
        self.pool = pool
        self.cost = cost
        self.derive = derive
        places = pool.size * (1 + waiting)
        dummy = PasswordHash(
            cost: cost, salt: RandomBytes.make(PasswordHash.saltByteCount), hash: RandomBytes.make(PasswordHash.hashByteCount))
    }

    /// The hash of a new password.
    ///
    /// - Precondition: the password has an acceptable length.
    /// - Throws: `.busy`, `.cancelled`, `.closed`.
    public func hash(_ password: String) async throws(AccountsError) -> PasswordHash {
        let salt = RandomBytes.make(PasswordHash.saltByteCount)
        return PasswordHash(cost: cost, salt: salt, hash: try await run(password, salt, cost))
    }

    /// Whether a password belongs to a hash. Without a hash the answer is no, after the same work.
    ///
    /// - Throws: `.busy`, `.cancelled`, `.closed`.
    package func verify(_ password: String, against stored: PasswordHash?) async throws(AccountsError) -> Bool {
        let target = stored ?? dummy
        let hash = try await run(password, target.salt, target.cost)
        return ConstantTime.areEqual(hash, target.hash) && stored != nil
    }

    private func run(_ password: String, _ salt: [UInt8], _ cost: Scrypt.Cost) async throws(AccountsError) -> [UInt8] {
        precondition(password.utf8.count <= PasswordRules.byteLimit, "a password is refused for its length before it is hashed")
        defer { taken.wrappingSubtract(1, ordering: .relaxed) }
        guard taken.wrappingAdd(1, ordering: .relaxed).newValue <= places else {
            throw AccountsError(.busy, "too many passwords are being checked")
        }
        let hash: [UInt8]?
        do {
            hash = try await pool.run { [derive] in derive(Array(password.utf8), salt, cost) }
        } catch is BlockingPoolClosed {
            throw AccountsError(.closed, "shutting down")
        } catch {
            throw AccountsError(.cancelled, "cancelled")
        }
        guard let hash else { throw AccountsError(.busy, "no memory for a password hash") }
        return hash
    }
}
