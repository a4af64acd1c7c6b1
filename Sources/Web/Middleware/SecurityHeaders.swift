import HTTPTypes
import Hummingbird
import Platform

/// Headers that every answer carries: nothing is sniffed, framed, cached or run, and nothing asked for without TLS where there is TLS.
struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    let address: PublicAddress

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        response.headers.harden(at: address)
        return response
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy")!
}

extension HTTPFields {
    private static let hardening = [
        HTTPField(name: .xContentTypeOptions, value: "nosniff"), HTTPField(name: .referrerPolicy, value: "no-referrer"),
        HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'; sandbox"),
        HTTPField(name: .cacheControl, value: "no-store"),
    ]

    /// For a year, as ASVS 3.4.1 has it.
    private static let transport = HTTPField(name: .strictTransportSecurity, value: "max-age=31536000; includeSubDomains")

    /// Adds what is not there yet.
    mutating func harden(at address: PublicAddress) {
        if address.isSecure { append(Self.transport) }
        for field in Self.hardening where !contains(field.name) { append(field) }
    }

    /// The value of a field, as the subscript has it (that of fields of the same name joined by commas), but without its cost
    /// for the usual case of one.
    func value(of name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            guard found == nil else { return self[name] }
            found = field.value
        }
        return found
    }
}
