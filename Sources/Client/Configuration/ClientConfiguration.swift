public import Platform

/// Where Sluice is, who one is there, and where what is under way is remembered.
public struct ClientConfiguration: Sendable {
    public let address: PublicAddress
    public let token: Secret
    /// An absolute path; made when it is needed.
    public let stateFolder: String

    /// Reads the environment, or a file when the environment names neither address nor token.
    ///
    /// Both come from one place: a token is never shown to another server than the one that it was written down for.
    ///
    /// - Parameters:
    ///   - file: instead of the environment and of `~/.config/sluice/client`.
    ///   - environment: that of this process unless given.
    public init(file: String? = nil, environment given: [String: String]? = nil) throws(ConfigurationError) {
        let environment = given ?? .process
        let settings: Settings.Client
        do {
            settings = try Settings.Client(environment: environment)
        } catch {
            throw ConfigurationError(error.description)
        }
        stateFolder = try Self.folder("XDG_STATE_HOME", ".local/state", in: environment) + "/sluice"
        if file == nil, settings.address != nil || settings.token != nil {
            guard let address = settings.address else { throw ConfigurationError("SLUICE_TOKEN is set and SLUICE_URL is not") }
            guard let token = settings.token else { throw ConfigurationError("SLUICE_URL is set and SLUICE_TOKEN is not") }
            (self.address, self.token) = (address, token)
            return
        }
        let path: String
        if let file { path = file } else { path = try Self.folder("XDG_CONFIG_HOME", ".config", in: environment) + "/sluice/client" }
        (address, token) = try ConfigurationFile.read(path)
    }

    private static func folder(_ variable: String, _ standard: String, in environment: [String: String]) throws(ConfigurationError)
        -> String
    {
        // The XDG Base Directory Specification has relative paths ignored.
        if let path = environment[variable], path.hasPrefix("/") { return path }
        guard let home = environment["HOME"], home.hasPrefix("/") else { throw ConfigurationError("HOME is not set") }
        return home + "/" + standard
    }
}

/// What is wrong with the configuration, in words for whoever wrote it; shows no secret.
public struct ConfigurationError: Error, CustomStringConvertible {
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}
