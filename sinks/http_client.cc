#include "sinks/http_client.h"

#include "sinks/http_connection.h"

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace weir {

namespace asio = boost::asio;

namespace {

std::string base64(std::string_view text) {
    std::string out((text.size() + 2) / 3 * 4, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                    reinterpret_cast<const unsigned char*>(text.data()),
                    static_cast<int>(text.size()));
    return out;
}

bool fits_header(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

HttpResult bad_settings(std::string what, std::uint64_t files_version) {
    HttpResult result;
    result.error = TransportError::settings;
    result.error_text = std::move(what);
    result.files_version = files_version;
    return result;
}

// Builds the client's TLS settings. Empty text on success, else what is wrong with which file.
std::string configure_tls(const HttpClientOptions& options, asio::ssl::context& context) {
    boost::system::error_code error;
    // An encrypted key would make OpenSSL ask on the terminal.
    context.set_password_callback(
        [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
    context.set_verify_mode(asio::ssl::verify_peer);
    if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
        return "TLS 1.2 is not available";
    }
    if (options.tls_ca.empty()) {
        context.set_default_verify_paths(error);
    } else {
        context.load_verify_file(options.tls_ca, error);
    }
    if (error) {
        return options.tls_ca + ": no certificates of issuers: " + error.message();
    }
    if (options.tls_certificate.empty()) {
        return {};
    }
    context.use_certificate_chain_file(options.tls_certificate, error);
    if (error) {
        return options.tls_certificate + ": no usable certificate: " + error.message();
    }
    const std::string& key = options.tls_key.empty() ? options.tls_certificate : options.tls_key;
    context.use_private_key_file(key, asio::ssl::context::pem, error);
    if (error) {
        return key + ": no usable private key: " + error.message();
    }
    return {};
}

}  // namespace

HttpClient::HttpClient(asio::io_context& io, HttpClientOptions options, const Clock& clock)
    : io_(io),
      options_(std::move(options)),
      clock_(clock),
      password_file_(options_.basic_password_file),
      token_file_(options_.bearer_token_file),
      ca_file_(options_.tls_ca),
      certificate_file_(options_.tls_certificate),
      key_file_(options_.tls_key) {
    const Result<HttpUrl> url = parse_http_url(options_.url);
    if (url) {
        url_ = *url;
        display_url_ = url_.to_string();
    } else {
        url_error_ = url.error().message;
        // Whatever stands before an @ may be a password.
        const std::size_t at = options_.url.rfind('@');
        display_url_ = at == std::string::npos ? options_.url : options_.url.substr(at + 1);
    }
}

HttpClient::~HttpClient() {
    abort();
}

bool HttpClient::look_at_files(bool at_once) {
    const std::int64_t now = clock_.monotonic_ns();
    bool changed = false;
    for (WatchedFile* file :
         {&password_file_, &token_file_, &ca_file_, &certificate_file_, &key_file_}) {
        changed = file->refresh(now, at_once) || changed;
    }
    files_stale_ = files_stale_ || changed;
    files_version_ += changed ? 1U : 0U;
    return changed;
}

bool HttpClient::refresh_files() {
    return look_at_files(true);
}

std::string HttpClient::load_authorization() {
    authorization_.clear();
    if (token_file_.wanted()) {
        const Result<std::string> token = token_file_.read();
        if (!token) {
            return token.error().message;
        }
        authorization_ = "Bearer " + *token;
    } else if (!options_.basic_user.empty() || password_file_.wanted()) {
        std::string password;
        if (password_file_.wanted()) {
            const Result<std::string> read = password_file_.read();
            if (!read) {
                return read.error().message;
            }
            password = *read;
        }
        authorization_ = "Basic " + base64(options_.basic_user + ':' + password);
    }
    return fits_header(authorization_) ? "" : "the secret has a control character in it";
}

std::string HttpClient::load_tls() {
    tls_.reset();
    if (!url_.tls) {
        return {};
    }
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    if (const std::string wrong = configure_tls(options_, *context); !wrong.empty()) {
        return wrong;
    }
    tls_ = std::move(context);
    return {};
}

// Makes ready what the files say. Empty text on success; otherwise it is tried again next time.
std::string HttpClient::prepare() {
    if (!url_error_.empty()) {
        return url_error_;
    }
    static_cast<void>(look_at_files(false));
    if (!files_stale_) {
        return {};
    }
    // A connection made with the former certificate or trust must not serve the new one.
    for (const std::shared_ptr<HttpConnection>& connection : idle_) {
        connection->close();
    }
    idle_.clear();
    std::string wrong = load_authorization();
    if (wrong.empty()) {
        wrong = load_tls();
    }
    files_stale_ = !wrong.empty();
    return wrong;
}

std::shared_ptr<HttpConnection> HttpClient::take_idle() {
    if (idle_.empty()) {
        return nullptr;
    }
    // The one used last is the least likely to have been closed by the server.
    std::shared_ptr<HttpConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

std::shared_ptr<HttpConnection> HttpClient::new_connection() {
    const auto gone = [](const std::weak_ptr<HttpConnection>& known) { return known.expired(); };
    open_.erase(std::remove_if(open_.begin(), open_.end(), gone), open_.end());
    auto connection = std::make_shared<HttpConnection>(io_, tls_);
    open_.push_back(connection);
    return connection;
}

void HttpClient::give_back(std::shared_ptr<HttpConnection> connection) {
    if (connection->reusable() && !aborted_ && idle_.size() < options_.idle_connections_max) {
        idle_.push_back(std::move(connection));
    } else {
        connection->close();
    }
}

std::string HttpClient::head_begin(std::string_view method, std::string_view parameters) const {
    const bool has_some = url_.target.find('?') != std::string::npos;
    const std::string_view mark = parameters.empty() ? "" : has_some ? "&" : "?";
    return fmt::format("{} {}{}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: weir/{}\r\n", method,
                       url_.target, mark, parameters, url_.authority(), WEIR_VERSION);
}

std::string HttpClient::head_end(std::string_view tenant) const {
    std::string text;
    if (!tenant.empty()) {
        text += fmt::format("X-Scope-OrgID: {}\r\n", tenant);
    }
    if (!authorization_.empty()) {
        text += fmt::format("Authorization: {}\r\n", authorization_);
    }
    return text + "\r\n";
}

// Empty text when a request can be made, else what is wrong.
std::string HttpClient::ready_for(std::string_view tenant) {
    std::string wrong = prepare();
    if (wrong.empty() && !fits_header(tenant)) {
        wrong = "the tenant has a control character in it";
    }
    return wrong;
}

asio::awaitable<HttpResult> HttpClient::post(HttpRequest request) {
    const std::int64_t begin_ns = clock_.monotonic_ns();
    if (std::string wrong = ready_for(request.tenant); !wrong.empty()) {
        co_return bad_settings(std::move(wrong), files_version_);
    }
    const std::string head = head_begin("POST", {}) +
                             fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n",
                                         request.content_type, request.body.size()) +
                             std::string(request.headers) + head_end(request.tenant);
    co_return co_await exchange(head, request.body, begin_ns);
}

asio::awaitable<HttpResult> HttpClient::get(HttpQuery query) {
    const std::int64_t begin_ns = clock_.monotonic_ns();
    if (std::string wrong = ready_for(query.tenant); !wrong.empty()) {
        co_return bad_settings(std::move(wrong), files_version_);
    }
    const std::string head = head_begin("GET", query.parameters) +
                             "Accept: application/json\r\nCache-Control: no-cache\r\n" +
                             head_end(query.tenant);
    co_return co_await exchange(head, {}, begin_ns);
}

asio::awaitable<HttpResult> HttpClient::exchange(std::string_view head, std::string_view body,
                                                 std::int64_t begin_ns) {
    HttpResult result;
    result.files_version = files_version_;
    const WireRequest wire{head, body, options_.request_timeout, options_.response_bytes_max};
    const std::string server_name =
        options_.tls_server_name.empty() ? url_.host : options_.tls_server_name;
    std::shared_ptr<HttpConnection> connection = take_idle();
    for (bool again = true; again && !aborted_;) {
        again = false;
        TransportFailure failure;
        if (!connection) {
            connection = new_connection();
            failure = co_await connection->open(url_, server_name, options_.connect_timeout);
        }
        if (failure.error == TransportError::none) {
            result.response = {};
            failure = co_await connection->exchange(wire, result.response, clock_.now());
            again = failure.error == TransportError::closed && connection->used_before() &&
                    !connection->answer_began();
        }
        give_back(std::move(connection));
        connection = nullptr;
        result.error = failure.error;
        result.error_text = std::move(failure.text);
    }
    if (aborted_ && result.response.status == 0) {
        result.error = TransportError::closed;
        result.error_text = "stopped";
    }
    result.duration = std::chrono::nanoseconds(clock_.monotonic_ns() - begin_ns);
    co_return result;
}

void HttpClient::abort() {
    aborted_ = true;
    for (const std::weak_ptr<HttpConnection>& known : open_) {
        if (const std::shared_ptr<HttpConnection> connection = known.lock()) {
            connection->close();
        }
    }
    idle_.clear();
}

}  // namespace weir
