// HTTP/1.1 client of one endpoint: kept-alive connections over TCP or TLS, credentials and
// certificates from files that may change, a deadline on everything but name resolution, which the
// system resolver bounds. Lives on one thread and its io_context.
#pragma once

#include "core/time.h"
#include "sinks/http_answer.h"
#include "sinks/url.h"
#include "sinks/watched_file.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace weir {

class HttpConnection;

struct HttpClientOptions {
    std::string url;
    std::string basic_user;
    std::string basic_password_file;
    std::string bearer_token_file;
    std::string tls_ca;           // PEM of trusted issuers; empty: the system's
    std::string tls_certificate;  // client certificate
    std::string tls_key;
    std::string tls_server_name;  // overrides the name checked in the certificate
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds request_timeout{30000};  // from the first byte sent to the last read
    std::size_t response_bytes_max = 64UL * 1024;      // of a body; the rest is not read
    std::size_t idle_connections_max = 16;

    friend bool operator==(const HttpClientOptions&, const HttpClientOptions&) = default;
};

// Value that borrows; body and headers outlive the post.
struct HttpRequest {
    std::string_view body;
    std::string_view content_type;
    std::string_view tenant;   // X-Scope-OrgID, not sent when empty
    std::string_view headers;  // further ones, whole lines
};

// Value that borrows; both outlive the get.
struct HttpQuery {
    std::string_view parameters;  // "name=value&...", encoded; goes behind the URL's path
    std::string_view tenant;      // as above
};

// Resource. Used on the io_context's thread only.
class HttpClient {
  public:
    // Nothing is opened or read yet; a bad URL shows as TransportError::settings at the first
    // request.
    HttpClient(boost::asio::io_context& io, HttpClientOptions options, const Clock& clock);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    // Sends one POST and reads the answer. Several may run at a time, each on a connection of its
    // own. A kept-alive connection that the peer had already closed is replaced and the request
    // sent again once, at once. Never throws.
    [[nodiscard]] boost::asio::awaitable<HttpResult> post(HttpRequest request);

    // The same for one GET, of an answer that no cache on the way has kept.
    [[nodiscard]] boost::asio::awaitable<HttpResult> get(HttpQuery query);

    // Reads secrets and certificates again now if their files changed. True if one had.
    bool refresh_files();

    // Counts the changes of these files that were noticed.
    [[nodiscard]] std::uint64_t files_version() const { return files_version_; }

    // Closes every connection; requests under way end with TransportError::closed.
    void abort();

    // For status pages: the URL without credentials, or the text as configured if it is none.
    [[nodiscard]] const std::string& display_url() const { return display_url_; }

  private:
    [[nodiscard]] bool look_at_files(bool at_once);
    [[nodiscard]] std::string load_authorization();
    [[nodiscard]] std::string load_tls();
    [[nodiscard]] std::string prepare();
    [[nodiscard]] std::shared_ptr<HttpConnection> take_idle();
    [[nodiscard]] std::shared_ptr<HttpConnection> new_connection();
    void give_back(std::shared_ptr<HttpConnection> connection);
    [[nodiscard]] std::string head_begin(std::string_view method,
                                         std::string_view parameters) const;
    [[nodiscard]] std::string head_end(std::string_view tenant) const;
    [[nodiscard]] std::string ready_for(std::string_view tenant);
    [[nodiscard]] boost::asio::awaitable<HttpResult> exchange(std::string_view head,
                                                              std::string_view body,
                                                              std::int64_t begin_ns);

    boost::asio::io_context& io_;
    HttpClientOptions options_;
    const Clock& clock_;
    std::string display_url_;
    std::string url_error_;
    HttpUrl url_;
    WatchedFile password_file_;
    WatchedFile token_file_;
    WatchedFile ca_file_;
    WatchedFile certificate_file_;
    WatchedFile key_file_;
    bool files_stale_ = true;
    std::uint64_t files_version_ = 0;
    std::string authorization_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::vector<std::shared_ptr<HttpConnection>> idle_;
    std::vector<std::weak_ptr<HttpConnection>> open_;
    bool aborted_ = false;
};

}  // namespace weir
