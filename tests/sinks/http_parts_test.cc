// The pure parts round the HTTP client: URLs, Retry-After, waiting times, the rate.
#include "sinks/backoff.h"
#include "sinks/http_answer.h"
#include "sinks/url.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string url_text(std::string_view text) {
    const Result<HttpUrl> url = parse_http_url(text);
    return url ? url->to_string() : url.error().message;
}

TEST(Url, ReadsWhatAnEndpointMayBe) {
    EXPECT_EQ(url_text("http://loki:3100/loki/api/v1/push"), "http://loki:3100/loki/api/v1/push");
    EXPECT_EQ(url_text("https://loki.example"), "https://loki.example/");
    EXPECT_EQ(url_text("http://[::1]:80/x"), "http://[::1]/x");
    EXPECT_EQ(url_text("http://h?q=1"), "http://h/?q=1");
    EXPECT_TRUE(parse_http_url("https://h")->tls);
    EXPECT_EQ(parse_http_url("https://h")->port, 443);
    EXPECT_EQ(parse_http_url("http://[fe80::1]:9")->host, "fe80::1");
}

TEST(Url, RefusesTheRest) {
    EXPECT_EQ(url_text("loki:3100"), "the URL does not start with http:// or https://");
    EXPECT_EQ(url_text("http://u:p@loki/"),
              "the URL carries credentials; use basic_user and basic_password_file");
    EXPECT_EQ(url_text("http:///x"), "the URL has no host");
    EXPECT_EQ(url_text("http://h:0/"), "the URL has a port that is not 1 to 65535");
    EXPECT_EQ(url_text("http://h:65536/"), "the URL has a port that is not 1 to 65535");
    EXPECT_EQ(url_text("http://h:1x/"), "the URL has a port that is not 1 to 65535");
    EXPECT_EQ(url_text("http://[::1/"), "the URL has an IPv6 address without its closing bracket");
    EXPECT_EQ(url_text("http://h/a b"), "the URL has a space, a control character or a fragment");
    EXPECT_EQ(url_text("http://h/\r\nX: 1"),
              "the URL has a space, a control character or a fragment");
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    const Timestamp now{784'111'777LL * ns_per_s};  // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(parse_retry_after("120", now), seconds(120));
    EXPECT_EQ(parse_retry_after("0", now), seconds(0));
    EXPECT_EQ(parse_retry_after("99999999999999999999", now), std::chrono::minutes(15));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), seconds(30));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
    EXPECT_EQ(parse_retry_after("Mon, 06 Nov 2034 08:00:00 GMT", now), std::chrono::minutes(15));
    EXPECT_FALSE(parse_retry_after("", now));
    EXPECT_FALSE(parse_retry_after("-1", now));
    EXPECT_FALSE(parse_retry_after("soon", now));
    EXPECT_FALSE(parse_retry_after("Sun, 06 Xyz 1994 08:49:37 GMT", now));
}

TEST(HttpDate, ReadsTheOneFormThatMayBeSent) {
    const std::optional<Timestamp> date = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
    ASSERT_TRUE(date);
    EXPECT_EQ(to_rfc3339(*date, 0), "1994-11-06T08:49:37Z");
    EXPECT_FALSE(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"));
    EXPECT_FALSE(parse_http_date("Sun, 06 Nov 9999 08:49:37 GMT"));
    EXPECT_FALSE(parse_http_date("Sun, 06 Nov 1994 08:49:37 CET"));
    EXPECT_FALSE(parse_http_date(""));
}

TEST(Backoff, IsFullJitterUnderADoublingBound) {
    Backoff backoff(42);
    std::chrono::nanoseconds longest{0};
    std::chrono::nanoseconds shortest = std::chrono::hours(1);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LE(backoff.wait(1, milliseconds(500), seconds(30)), milliseconds(500));
        EXPECT_LE(backoff.wait(3, milliseconds(500), seconds(30)), milliseconds(2000));
        const std::chrono::nanoseconds late =
            backoff.wait(4'000'000'000U, milliseconds(500), seconds(30));
        longest = std::max(longest, late);
        shortest = std::min(shortest, late);
    }
    EXPECT_LE(longest, seconds(30));
    EXPECT_GT(longest, seconds(28));
    EXPECT_LT(shortest, seconds(2));
}

TEST(Backoff, ComesFromTheSeedAlone) {
    Backoff one(7);
    Backoff same(7);
    Backoff other(8);
    const auto next = [](Backoff& from) { return from.wait(9, seconds(1), seconds(1000)); };
    const std::chrono::nanoseconds first = next(one);
    EXPECT_EQ(first, next(same));
    EXPECT_NE(first, next(other));
    EXPECT_GE(one.spread(seconds(10)), seconds(10));
    EXPECT_LE(one.spread(seconds(10)), seconds(11));
}

}  // namespace
}  // namespace weir
