public import Redis
import TestSupport

extension RedisConfiguration {
    /// The same with limits that a correct program keeps on a machine as slow as `Patience` says.
    public var stretched: RedisConfiguration {
        var configuration = self
        configuration.connectTimeout = connectTimeout.stretched
        configuration.commandDeadline = commandDeadline.stretched
        return configuration
    }
}
