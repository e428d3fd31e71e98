// PROXY header: the verdict on a front of the bytes is to wait, or the verdict on all of them; a
// header lies inside the bytes and says the same when it stands alone; nobody waits for ever.
#include "fuzz/record_checks.h"
#include "parsers/proxy_header.h"

#include <algorithm>

namespace {

bool same(const weir::ProxyHeader& a, const weir::ProxyHeader& b) {
    const bool clients =
        a.client.has_value() == b.client.has_value() &&
        (!a.client || (a.client->address == b.client->address && a.client->port == b.client->port));
    return a.verdict == b.verdict && a.version == b.version && a.bytes == b.bytes && clients;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    const weir::ProxyHeader whole = weir::read_proxy_header(input);
    bool decided = false;
    for (std::size_t front = 0; front <= std::min<std::size_t>(size, 600); ++front) {
        const weir::ProxyHeader part = weir::read_proxy_header(input.substr(0, front));
        const bool waits = part.verdict == weir::ProxyVerdict::need_more;
        WEIR_ASSERT(!(decided && waits));
        decided = decided || !waits;
        WEIR_ASSERT(waits || same(part, whole));
    }
    if (whole.verdict == weir::ProxyVerdict::need_more) {
        WEIR_ASSERT(size < weir::proxy_v2_bytes_max);
    }
    if (whole.verdict == weir::ProxyVerdict::header) {
        WEIR_ASSERT(whole.bytes > 0 && whole.bytes <= size);
        WEIR_ASSERT(whole.bytes <=
                    (whole.version == 1 ? weir::proxy_v1_bytes_max : weir::proxy_v2_bytes_max));
        WEIR_ASSERT(same(weir::read_proxy_header(input.substr(0, whole.bytes)), whole));
    }
    return 0;
}
