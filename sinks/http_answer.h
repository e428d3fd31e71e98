// What came of one HTTP request: an answer, or the way it failed. Values that the decisions are
// made from, without a network library behind them.
#pragma once

#include "core/time.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

enum class TransportError : std::uint8_t {
    none,             // there is an answer
    settings,         // the URL, or a secret, key or certificate file, cannot be used
    resolve,          // the name has no address
    refused,          // nobody listens, or no route
    connect_timeout,  // no connection, TLS included, in time
    tls,              // handshake or certificate
    request_timeout,  // no complete answer in time
    closed,           // the connection broke before the answer was complete
    protocol,         // the answer is not HTTP/1
};

// "resolve", ...; stable, used in metrics.
[[nodiscard]] std::string_view transport_error_name(TransportError error);

// Value.
struct HttpResponse {
    unsigned status = 0;
    std::string body;             // at most the client's bound
    bool body_truncated = false;  // the rest was not read
    std::optional<std::chrono::milliseconds> retry_after;
    std::optional<Timestamp> date;  // the server's clock, from its Date header
    // Of remote write 2.0: whether it said what it has written, and how many samples.
    bool says_written = false;
    std::optional<std::uint64_t> samples_written;
};

// Value. `response` counts only if `error` is none.
struct HttpResult {
    TransportError error = TransportError::none;
    std::string error_text;  // a sentence for a person
    HttpResponse response;
    std::chrono::nanoseconds duration{0};
    std::uint64_t files_version = 0;  // HttpClient::files_version() when it was sent
};

// True for a web page, which a gateway or proxy made, not the endpoint.
[[nodiscard]] bool is_html(std::string_view body);

// True for a JSON object or array: neither Loki nor a remote-write receiver refuses in JSON, so
// this is a gateway's too.
[[nodiscard]] bool is_json(std::string_view body);

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form of a date that may be sent (RFC 9110 section
// 5.6.7); nothing for anything else.
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text);

// Retry-After: seconds or an HTTP date (RFC 9110 section 10.2.3), as the time to wait from `now`;
// nothing for anything else. Never negative, never more than 15 minutes.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                                         Timestamp now);

// X-Prometheus-Remote-Write-*-Written: a count; nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_written(std::string_view value);

}  // namespace weir
