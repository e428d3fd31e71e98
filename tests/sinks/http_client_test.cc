#include "sinks/http_client.h"

#include "tests/sinks/fake_server.h"
#include "tests/sinks/http_client_harness.h"
#include "tests/support/temp_dir.h"

#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

namespace weir::test {
namespace {

FakeAnswer with_body(unsigned status, std::string body) {
    FakeAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

FakeAnswer with_fault(Fault fault, unsigned status = 204, std::string body = "") {
    FakeAnswer answer = with_body(status, std::move(body));
    answer.fault = fault;
    return answer;
}

TEST_F(HttpClientTest, ReadsStatusBodyAndRetryAfter) {
    FakeAnswer busy = with_body(503, "come back later");
    busy.headers = {{"Retry-After", "3"}};
    FakeServer server(FakeServer::in_turn({busy}));
    options.url = server.url();
    const HttpResult result = post("hello", "edge");
    EXPECT_EQ(result.error, TransportError::none) << result.error_text;
    EXPECT_EQ(result.response.status, 503U);
    EXPECT_EQ(result.response.body, "come back later");
    EXPECT_FALSE(result.response.body_truncated);
    EXPECT_EQ(result.response.retry_after, std::chrono::seconds(3));
    EXPECT_GT(result.duration.count(), 0);
    const FakeRequest request = server.requests().at(0);
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(request.headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(request.headers.at("content-length"), "5");
    EXPECT_EQ(request.headers.at("x-scope-orgid"), "edge");
    EXPECT_FALSE(request.headers.contains("authorization"));
}

TEST_F(HttpClientTest, GetsWhatIsBehindTheParameters) {
    TempDir dir;
    write_file(dir.file("token"), "s3cret");
    FakeServer server(FakeServer::in_turn({with_body(200, "first"), with_body(200, "second")}));
    options.url = server.url();
    options.bearer_token_file = dir.file("token");
    const HttpResult result = get("query=%7B%7D&limit=5", "edge");
    EXPECT_EQ(result.error, TransportError::none) << result.error_text;
    EXPECT_EQ(result.response.status, 200U);
    EXPECT_EQ(result.response.body, "first");
    EXPECT_EQ(get("").response.body, "second");
    EXPECT_EQ(server.connection_count(), 1U);
    const FakeRequest request = server.requests().at(0);
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/loki/api/v1/push?query=%7B%7D&limit=5");
    EXPECT_EQ(request.body, "");
    EXPECT_FALSE(request.headers.contains("content-length"));
    EXPECT_EQ(request.headers.at("x-scope-orgid"), "edge");
    EXPECT_EQ(request.headers.at("authorization"), "Bearer s3cret");
    EXPECT_EQ(request.headers.at("cache-control"), "no-cache");
    EXPECT_EQ(server.requests().at(1).target, "/loki/api/v1/push");
    EXPECT_FALSE(server.requests().at(1).headers.contains("x-scope-orgid"));
}

TEST_F(HttpClientTest, ParametersGoBehindThoseOfTheUrl) {
    FakeServer server(FakeServer::in_turn({}));
    options.url = server.url() + "?org=1";
    EXPECT_EQ(get("a=b").response.status, 204U);
    EXPECT_EQ(server.requests().at(0).target, "/loki/api/v1/push?org=1&a=b");
}

TEST_F(HttpClientTest, AGetFailsAsAPostDoes) {
    options.url = "http://127.0.0.1:1/";
    EXPECT_EQ(get("a=b").error, TransportError::refused);
    options.url = "ftp://loki/";
    client.reset();
    EXPECT_EQ(get("a=b").error, TransportError::settings);
    options.url = "http://127.0.0.1:1/";
    client.reset();
    EXPECT_EQ(get("a=b", "bad\r\nEvil: yes").error, TransportError::settings);
}

TEST_F(HttpClientTest, AGetIsAskedAgainOverAFreshConnection) {
    FakeServer server(FakeServer::in_turn({with_fault(Fault::close_after_answer)}));
    options.url = server.url();
    EXPECT_EQ(get("a=b").response.status, 204U);
    // The server's close has time to arrive.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(get("a=c").response.status, 204U);
    EXPECT_EQ(server.connection_count(), 2U);
}

TEST_F(HttpClientTest, BoundsTheBodyAndDoesNotReuseTheConnection) {
    FakeServer server(FakeServer::in_turn({with_body(500, std::string(200'000, 'x'))}));
    options.url = server.url();
    options.response_bytes_max = 10'000;
    const HttpResult result = post();
    EXPECT_EQ(result.response.status, 500U);
    EXPECT_EQ(result.response.body.size(), 10'000U);
    EXPECT_TRUE(result.response.body_truncated);
    EXPECT_EQ(post().response.status, 204U);
    EXPECT_EQ(server.connection_count(), 2U);
}

TEST_F(HttpClientTest, AnAnswerThatBreaksOffBehindItsHeaderCounts) {
    FakeServer server(
        FakeServer::in_turn({with_fault(Fault::close_mid_answer, 400, "max entry size is here")}));
    options.url = server.url();
    const HttpResult result = post();
    EXPECT_EQ(result.error, TransportError::none);
    EXPECT_EQ(result.response.status, 400U);
    EXPECT_EQ(result.response.body, "max entry s");
    EXPECT_TRUE(result.response.body_truncated);
}

TEST_F(HttpClientTest, ReplacesAKeptConnectionThatThePeerClosed) {
    FakeServer server(FakeServer::in_turn({with_fault(Fault::close_after_answer)}));
    options.url = server.url();
    EXPECT_EQ(post().response.status, 204U);
    // The server's close has time to arrive.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const HttpResult second = post("again");
    EXPECT_EQ(second.error, TransportError::none) << second.error_text;
    EXPECT_EQ(second.response.status, 204U);
    EXPECT_EQ(server.connection_count(), 2U);
    EXPECT_EQ(server.requests().at(1).body, "again");
}

TEST_F(HttpClientTest, AFreshConnectionThatClosesIsNotTriedAgain) {
    FakeServer server(FakeServer::in_turn({with_fault(Fault::close_before_answer)}));
    options.url = server.url();
    EXPECT_EQ(post().error, TransportError::closed);
    EXPECT_EQ(server.request_count(), 1U);
}

TEST_F(HttpClientTest, ObeysConnectionClose) {
    FakeAnswer last = with_body(200, "bye");
    last.headers = {{"Connection", "close"}};
    FakeServer server(FakeServer::in_turn({last}));
    options.url = server.url();
    EXPECT_EQ(post().response.body, "bye");
    EXPECT_EQ(post().response.status, 204U);
    EXPECT_EQ(server.connection_count(), 2U);
}

TEST_F(HttpClientTest, TellsTheWaysOfFailingApart) {
    const auto fails_as = [this](const std::string& url) {
        options.url = url;
        client.reset();
        return post();
    };
    // Port 1 of loopback is closed on any machine fit to run tests.
    EXPECT_EQ(fails_as("http://127.0.0.1:1/").error, TransportError::refused);
    const HttpResult unknown = fails_as("http://loki.invalid./");
    EXPECT_EQ(unknown.error, TransportError::resolve);
    EXPECT_NE(unknown.error_text.find("loki.invalid"), std::string::npos);
    const HttpResult bad = fails_as("ftp://loki/");
    EXPECT_EQ(bad.error, TransportError::settings);
    EXPECT_NE(bad.error_text.find("http://"), std::string::npos);
}

// While it lives, no thread can be started: the default stack is larger than the address space.
class NoThreads {
  public:
    NoThreads() {
        pthread_getattr_default_np(&before_);
        pthread_attr_t impossible = before_;
        EXPECT_EQ(pthread_attr_setstacksize(&impossible, std::size_t{1} << 48U), 0);
        EXPECT_EQ(pthread_setattr_default_np(&impossible), 0);
    }

    ~NoThreads() { pthread_setattr_default_np(&before_); }

    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;

  private:
    pthread_attr_t before_{};
};

TEST_F(HttpClientTest, WithoutAThreadForTheResolverThePostFailsAndALaterOneWorks) {
    FakeServer server(FakeServer::in_turn({with_body(204, "")}));
    options.url = "http://localhost:" + std::to_string(server.port()) + "/";
    {
        const NoThreads none;
        for (int i = 0; i < 3; ++i) {
            const HttpResult failed = post();
            EXPECT_EQ(failed.error, TransportError::resolve);
            EXPECT_NE(failed.error_text.find("cannot resolve localhost: "), std::string::npos)
                << failed.error_text;
        }
    }
    const HttpResult result = post();
    EXPECT_EQ(result.error, TransportError::none) << result.error_text;
    EXPECT_EQ(result.response.status, 204U);
}

TEST_F(HttpClientTest, HasADeadlineForTheAnswer) {
    FakeServer server(FakeServer::in_turn({with_fault(Fault::never_answer)}));
    options.url = server.url();
    options.request_timeout = std::chrono::milliseconds(50);
    EXPECT_EQ(post().error, TransportError::request_timeout);
    EXPECT_EQ(post().response.status, 204U);
}

TEST_F(HttpClientTest, HasADeadlineForConnecting) {
    // A listener whose backlog is full drops further SYNs.
    boost::asio::ip::tcp::acceptor full(io, {boost::asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    std::vector<boost::asio::ip::tcp::socket> fillers;
    for (int i = 0; i < 4; ++i) {
        fillers.emplace_back(io, boost::asio::ip::tcp::v4());
        fillers.back().native_non_blocking(true);
        const auto to = full.local_endpoint();
        ::connect(fillers.back().native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
    options.url = "http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/";
    options.connect_timeout = std::chrono::milliseconds(50);
    EXPECT_EQ(post().error, TransportError::connect_timeout);
}

TEST_F(HttpClientTest, AbortEndsWhatIsUnderWay) {
    FakeServer server(FakeServer::in_turn({with_fault(Fault::never_answer)}));
    options.url = server.url();
    options.request_timeout = std::chrono::hours(1);
    client = std::make_unique<HttpClient>(io, options, clock);
    boost::asio::steady_timer timer(io, std::chrono::milliseconds(50));
    timer.async_wait([this](const boost::system::error_code&) { client->abort(); });
    EXPECT_EQ(post().error, TransportError::closed);
    EXPECT_EQ(post().error, TransportError::closed);
}

TEST_F(HttpClientTest, SendsTheTokenAndReadsItAgainWhenItChanged) {
    TempDir dir;
    write_file(dir.file("token"), "first\n");
    FakeServer server(FakeServer::in_turn({}));
    options.url = server.url();
    options.bearer_token_file = dir.file("token");
    post();
    write_file(dir.file("token"), "second one\n");
    EXPECT_TRUE(client->refresh_files());
    EXPECT_FALSE(client->refresh_files());
    post();
    EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Bearer first");
    EXPECT_EQ(server.requests().at(1).headers.at("authorization"), "Bearer second one");
}

TEST_F(HttpClientTest, SendsBasicCredentials) {
    TempDir dir;
    write_file(dir.file("password"), "open sesame\n");
    FakeServer server(FakeServer::in_turn({}));
    options.url = server.url();
    options.basic_user = "Aladdin";
    options.basic_password_file = dir.file("password");
    post();
    // RFC 7617's own example.
    EXPECT_EQ(server.requests().at(0).headers.at("authorization"),
              "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(HttpClientTest, AMissingSecretIsNamedAndLookedForAgain) {
    TempDir dir;
    FakeServer server(FakeServer::in_turn({}));
    options.url = server.url();
    options.bearer_token_file = dir.file("token");
    const HttpResult missing = post();
    EXPECT_EQ(missing.error, TransportError::settings);
    EXPECT_NE(missing.error_text.find(dir.file("token")), std::string::npos);
    write_file(dir.file("token"), "here");
    EXPECT_EQ(post().response.status, 204U);
}

TEST_F(HttpClientTest, NothingCanBreakOutOfAHeader) {
    TempDir dir;
    write_file(dir.file("token"), "a\r\nX-Evil: 1");
    FakeServer server(FakeServer::in_turn({}));
    options.url = server.url();
    EXPECT_EQ(post("", "edge\r\nX-Evil: 1").error, TransportError::settings);
    options.bearer_token_file = dir.file("token");
    client.reset();
    EXPECT_EQ(post().error, TransportError::settings);
    EXPECT_EQ(server.request_count(), 0U);
}

TEST_F(HttpClientTest, ShowsNoCredentials) {
    options.url = "http://user:secret@loki:3100/push";
    const HttpClient shown(io, options, clock);
    EXPECT_EQ(shown.display_url(), "loki:3100/push");
}

}  // namespace
}  // namespace weir::test
