import Platform

/// Whether what a captcha costs may be spent, and in whose lane.
package enum CaptchaAdmission: Sendable {
    case admitted(ThrottleSubject)
    case throttled(retryAfter: Duration)
}

/// Counts what captchas cost us, by network: drawings take time, answers leave marks in Redis.
///
/// A browser in which some user has signed in gets a lane of its own once that of its network is full, so that strangers in the same
/// network cannot keep it out. Its cookie is looked up first: by invented ones everybody would have any number of lanes.
struct CaptchaLanes: Sendable {
    enum Cost {
        case drawing, answer

        fileprivate var ruleOfNetwork: ThrottleRule {
            switch self {
            case .drawing: .captchasOfNetwork
            case .answer: .answersOfNetwork
            }
        }

        fileprivate var ruleOfDevice: ThrottleRule {
            switch self {
            case .drawing: .captchasOfDevice
            case .answer: .answersOfDevice
            }
        }
    }

    let throttle: Throttle
    let database: Database

    func take(_ cost: Cost, for visitor: Visitor) async throws(AccountsError) -> CaptchaAdmission {
        let network = ThrottleSubject.network(visitor.network)
        guard let refusal = try await throttle.take([(cost.ruleOfNetwork, network)]) else { return .admitted(network) }
        guard let token = visitor.deviceToken, try await isKnown(token) else { return .throttled(retryAfter: refusal.retryAfter) }
        let device = ThrottleSubject.device(token)
        guard let refusal = try await throttle.take([(cost.ruleOfDevice, device)]) else { return .admitted(device) }
        return .throttled(retryAfter: refusal.retryAfter)
    }

    private func isKnown(_ token: OpaqueToken) async throws(AccountsError) -> Bool {
        try await !database.query(DeviceStore.search(for: token), as: { _ in }).isEmpty
    }
}
