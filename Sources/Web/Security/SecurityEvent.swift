/// What is reported as a matter of security (ASVS 16.3). The raw value is the `event` of the log line and of the metric;
/// it never changes, because alarms are set on it.
package enum SecurityEvent: String, CaseIterable, Sendable {
    /// 401: no token was sent.
    case tokenMissing = "authn_token_missing"
    /// 401: what was sent is no valid token.
    case tokenRefused = "authn_token_refused"
    /// 403: a token that is not for this.
    case scopeMissing = "authz_scope_missing"
    /// 403: a request that changes something and does not come from one of our pages.
    case requestForged = "authz_request_forged"
    /// 421: a browser asks for a name that is not ours.
    case hostRefused = "host_refused"
    /// 429: a user, a session or a network is at a limit.
    case throttled = "excess_rate_limit_exceeded"
    /// 400…431: a field, a name or a form that no client of good will sends.
    case inputRefused = "input_validation_fail"
    /// 400: the bytes on a connection are no HTTP request, or one with two meanings.
    case malformedHTTP = "malformed_http"
    /// 431: the head of a request is too large.
    case headTooLarge = "http_head_too_large"
    /// A connection was cut because its body came too slowly.
    case slowBody = "http_body_too_slow"
    /// A connection was cut because its client did not read the answer.
    case stalledReader = "http_reader_stalled"
    /// No further connection is accepted until one ends.
    case connectionsExhausted = "connections_exhausted"
}
