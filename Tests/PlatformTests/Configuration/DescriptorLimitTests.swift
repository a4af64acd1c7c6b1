import Glibc
import Platform
import Testing

struct DescriptorLimitTests {
    @Test("The limit of descriptors is raised as far as it goes, and told") func raise() {
        let limit = DescriptorLimit.raise()
        var now = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now) == 0)
        #expect(now.rlim_cur == now.rlim_max && Int(clamping: now.rlim_cur) == limit)
        #expect(limit > 0)
    }
}
