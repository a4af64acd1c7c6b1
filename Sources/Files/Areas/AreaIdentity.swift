package import Platform

/// A staging area as the rows of files know it, by its name, and the disk that it is.
package struct AreaIdentity: Sendable, Hashable {
    package let name: String
    package let instance: UUIDv7
}
