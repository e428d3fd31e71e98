// http and https URLs of endpoints.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Value.
struct HttpUrl {
    bool tls = false;
    std::string host;  // without brackets
    std::uint16_t port = 80;
    std::string target = "/";  // path and query as sent

    // Host header: brackets round IPv6, the port unless it is the scheme's own.
    [[nodiscard]] std::string authority() const;
    // The URL again, without credentials by construction.
    [[nodiscard]] std::string to_string() const;
};

// Fails on anything but http(s)://host[:port][/path][?query]. Credentials in the URL are refused:
// they would end up in logs; basic_user and a file are for them. A fragment is refused too.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace weir
