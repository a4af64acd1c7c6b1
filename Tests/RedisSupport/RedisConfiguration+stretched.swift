public import Redis
import TestSupport

extension RedisConfiguration {
    /// The same with limits that a correct program keeps on a machine as slow as `Patience` says.
    public var stretched: RedisConfiguration {
        var configuration = self
        configuration.connectTimeout = connectTimeout.stretched
        configuration.commandDeadline = commandDeadline.stretched
        if case .sentinel(var sentinels) = topology {
            sentinels.timeout = sentinels.timeout.stretched
            configuration.topology = .sentinel(sentinels)
        }
        return configuration
    }
}
