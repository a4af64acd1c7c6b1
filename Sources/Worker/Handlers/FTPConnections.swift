/// How the FTP connections of a worker are shared out.
package enum FTPConnections {
    /// Transfers under way for each connection: while some use it, the rows of others are being looked up or marked.
    package static let transfersForEach = 2
    /// The longest that a job waits for a connection. Long uploads may have them all for hours; then another worker may have the job.
    package static let patience: Duration = .seconds(1)
}
