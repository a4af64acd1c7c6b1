import CCurl
import Platform

/// Sets options of an easy handle, by kind of argument. libcurl keeps them until they are set again or the handle is reset.
///
/// A setting that libcurl refuses is our own mistake (an option that does not exist, or no memory), so it traps: a
/// transfer without, say, certificate verification must not start.
final class CurlOptions {
    private let easy: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    deinit {
        freeLists()
    }

    /// Before the lists are set again: libcurl copies strings, but not lists.
    func freeLists() {
        for list in lists { curl_slist_free_all(list) }
        lists.removeAll(keepingCapacity: true)
    }

    /// Forgets everything that was set. The connection, the TLS sessions and resolved names stay.
    func reset() {
        curl_easy_reset(easy)
        freeLists()
    }

    func set(_ option: CURLoption, _ value: Int) {
        check(ccurl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) {
        set(option, value ? 1 : 0)
    }

    func set(_ option: CURLoption, offset value: Int64) {
        check(ccurl_set_off_t(easy, option, curl_off_t(value)))
    }

    /// One millisecond at least, because none means libcurl's default, and a day at most.
    func set(_ option: CURLoption, milliseconds time: Duration) {
        set(option, Int(min(max(time, .milliseconds(1)), .seconds(86_400)).milliseconds))
    }

    /// Whole seconds, with the same bounds, for options that know no others.
    func set(_ option: CURLoption, seconds time: Duration) {
        set(option, Int(min(max(time, .seconds(1)), .seconds(86_400)).milliseconds / 1000))
    }

    /// libcurl copies the string.
    func set(_ option: CURLoption, _ value: String) {
        check(ccurl_set_string(easy, option, value))
    }

    /// The list lives until `freeLists`.
    func set(_ option: CURLoption, _ values: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for value in values {
            guard let longer = curl_slist_append(list, value) else { preconditionFailure("out of memory for a libcurl list") }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        check(ccurl_set_list(easy, option, list))
    }

    /// What every transfer has: no signals, no proxy from the environment, our callbacks.
    func setDefaults() {
        set(CURLOPT_NOSIGNAL, true)
        set(CURLOPT_QUICK_EXIT, true)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_TCP_KEEPALIVE, true)
        // libcurl remembers the address of every data connection, each with a port of its own, and goes through all that it has
        // remembered before it makes the next: at a thousand files a second that soon takes longer than everything else. A name is
        // looked up once per control connection all the same.
        set(CURLOPT_DNS_CACHE_TIMEOUT, 0)
        set(CURLOPT_NOPROGRESS, false)
        check(ccurl_set_progress_callback(easy, CurlExchange.onProgress))
        check(ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, CurlExchange.onHeader))
        check(ccurl_set_data_callback(easy, CURLOPT_READFUNCTION, CurlExchange.onRead))
        check(ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, CurlExchange.onWrite))
    }

    /// Who closes the sockets of connections that are made from now on, for as long as they last.
    func setCloser(_ session: CurlSession) {
        check(ccurl_set_close_callback(easy, CurlSession.onClose))
        check(ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(session).toOpaque()))
    }

    /// What the callbacks work on.
    func setContext(_ exchange: CurlExchange) {
        let context = Unmanaged.passUnretained(exchange).toOpaque()
        check(ccurl_set_pointer(easy, CURLOPT_XFERINFODATA, context))
        check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        check(ccurl_set_pointer(easy, CURLOPT_READDATA, context))
        check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        check(ccurl_set_pointer(easy, CURLOPT_SEEKDATA, context))
    }

    /// Lets libcurl send a body again from its beginning.
    func setRewinding() {
        check(ccurl_set_seek_callback(easy, CurlExchange.onSeek))
    }

    /// The proxy that `https_proxy` and its like name, as every tool at a command line uses it.
    func setProxyOfEnvironment() {
        check(ccurl_set_string(easy, CURLOPT_PROXY, nil))
    }

    /// Verified TLS, 1.2 or newer, required or not used at all.
    func setTLS(required: Bool, allowsVersion13: Bool, certificateAuthority: String?) {
        set(CURLOPT_USE_SSL, required ? ccurl_ssl_all : ccurl_ssl_none)
        guard required else { return }
        set(CURLOPT_SSLVERSION, allowsVersion13 ? ccurl_tls_1_2_or_newer : ccurl_tls_1_2_only)
        set(CURLOPT_SSL_VERIFYPEER, true)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let certificateAuthority { set(CURLOPT_CAINFO, certificateAuthority) }
    }

    private func check(_ result: CURLcode) {
        precondition(result == CURLE_OK, "libcurl refuses an option")
    }
}
