#include "sinks/url.h"

#include <charconv>

namespace weir {

namespace {

// Takes host and port off the authority. Empty text on success, else what is wrong.
std::string read_authority(std::string_view authority, HttpUrl& url) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) {
            return "an IPv6 address without its closing bracket";
        }
        url.host = authority.substr(1, close - 1);
        port = authority.substr(close + 1);
    } else {
        const std::size_t colon = authority.find(':');
        url.host = authority.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
    }
    if (url.host.empty()) {
        return "no host";
    }
    if (port.empty()) {
        return {};
    }
    if (!port.starts_with(':')) {
        return "text after the host";
    }
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
        return "a port that is not 1 to 65535";
    }
    return {};
}

}  // namespace

std::string HttpUrl::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != (tls ? 443 : 80)) {
        text += ':' + std::to_string(port);
    }
    return text;
}

std::string HttpUrl::to_string() const {
    return (tls ? "https://" : "http://") + authority() + target;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
    HttpUrl url;
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        url.tls = true;
        url.port = 443;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return fail("the URL does not start with http:// or https://");
    }
    for (const char c : rest) {
        if (c <= ' ' || c == '\x7f' || c == '#') {
            return fail("the URL has a space, a control character or a fragment");
        }
    }
    const std::size_t target = rest.find_first_of("/?");
    const std::string_view authority = rest.substr(0, target);
    if (authority.find('@') != std::string_view::npos) {
        return fail("the URL carries credentials; use basic_user and basic_password_file");
    }
    if (const std::string wrong = read_authority(authority, url); !wrong.empty()) {
        return fail("the URL has " + wrong);
    }
    if (target != std::string_view::npos) {
        url.target = rest[target] == '?' ? '/' + std::string(rest.substr(target))
                                         : std::string(rest.substr(target));
    }
    return url;
}

}  // namespace weir
