/// How long what Redis knows about quotas is believed.
package struct QuotaTimes: Sendable {
    /// What Postgres said, after which it is asked again.
    package var use: Duration = .seconds(10)
    /// A lease of which nobody says that it goes on.
    package var lease: Duration = .seconds(30)
    /// How often that is said.
    package var beat: Duration = .seconds(10)

    package init() {}
}
