#include "app/admin_http.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <tuple>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

Peer peer_of(const asio::ip::tcp::socket& socket) {
    boost::system::error_code gone;
    const asio::ip::tcp::endpoint endpoint = socket.remote_endpoint(gone);
    return gone ? Peer{} : Peer{IpAddress::from_sockaddr(endpoint.data()), endpoint.port()};
}

// Whoever has one IPv6 address has all of its /64.
IpAddress holder_of(const IpAddress& address) {
    IpAddress holder = address;
    if (!holder.is_v4()) {
        std::fill(holder.bytes.begin() + 8, holder.bytes.end(), std::uint8_t{0});
    }
    return holder;
}

Result<TlsContextPtr> make_context(const AdminConfig& config) {
    if (config.tls.certificate.empty()) {
        return TlsContextPtr{};
    }
    Result<TlsContextPtr> context = make_tls_server_context({.certificate = config.tls.certificate,
                                                             .key = config.tls.key,
                                                             .client_ca = config.tls.client_ca,
                                                             .client_optional = true});
    if (!context) {
        return fail("admin.tls: " + context.error().message);
    }
    return context;
}

}  // namespace

AdminHttp::AdminHttp(asio::io_context& io, Handler handler, EventSink& events,
                     AdminDeadlines deadlines)
    : io_(io),
      acceptor_(io),
      events_(events),
      shared_{.handler = std::move(handler), .events = events, .deadlines = deadlines} {}

Result<std::uint16_t> AdminHttp::start(const AdminConfig& config) {
    config_ = config;
    if (!config_.token_file.empty()) {
        if (const Result<bool> read = shared_.access.read_token(config_.token_file); !read) {
            return tl::unexpected(read.error());
        }
    }
    Result<TlsContextPtr> context = make_context(config_);
    if (!context) {
        return tl::unexpected(context.error());
    }
    use(std::move(*context));
    if (!config_.tls.client_ca.empty()) {
        shared_.access.want_certificate();
    }
    if (const Result<void> bound = bind(); !bound) {
        return tl::unexpected(bound.error());
    }
    asio::co_spawn(io_, accept_loop(), asio::detached);
    return config_.port;
}

void AdminHttp::use(TlsContextPtr context) {
    shared_.tls = std::move(context);
    certificates_.clear();
    if (shared_.tls) {
        for (TlsCertificate& certificate : certificates_in(*shared_.tls)) {
            certificates_.push_back({"admin", "admin", std::move(certificate)});
        }
    }
}

Result<void> AdminHttp::bind() {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(config_.address.to_string()),
                                           config_.port);
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        acceptor_.bind(endpoint, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        return fail(fmt::format("admin {}:{}: {}", config_.address.to_string(), config_.port,
                                error.message()));
    }
    config_.port = acceptor_.local_endpoint().port();
    return {};
}

void AdminHttp::reload_token() {
    if (config_.token_file.empty()) {
        return;
    }
    const Result<bool> changed = shared_.access.read_token(config_.token_file);
    if (!changed) {
        events_.emit({EventId::admin_token_refused, "admin",
                      fmt::format("{}; the old token stays", changed.error().message)});
    } else if (*changed) {
        events_.emit({EventId::admin_token_reloaded, "admin", config_.token_file});
    }
}

void AdminHttp::reload_certificates() {
    if (!shared_.tls) {
        return;
    }
    Result<TlsContextPtr> context = make_context(config_);
    if (context) {
        use(std::move(*context));
        events_.emit({EventId::tls_reloaded, "admin", config_.tls.certificate});
    } else {
        events_.emit({EventId::tls_reload_failed, "admin",
                      fmt::format("{}; the old certificate stays", context.error().message)});
    }
}

void AdminHttp::set_connections_max(std::size_t connections_max) {
    config_.connections_max = std::max<std::size_t>(connections_max, 1);
}

asio::awaitable<void> AdminHttp::accept_loop() {
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(as_result);
        if (error == asio::error::operation_aborted) {
            co_return;
        }
        if (error) {
            events_.emit({EventId::admin_error, "admin", error.message()});
            asio::steady_timer pause(io_, std::chrono::milliseconds(100));
            co_await pause.async_wait(as_result);
        } else {
            open_session(std::move(socket));
        }
    }
}

void AdminHttp::open_session(asio::ip::tcp::socket socket) {
    while (sessions_.size() >= config_.connections_max) {
        make_room();
    }
    const Peer peer = peer_of(socket);
    auto session = std::make_shared<AdminSession>(std::move(socket), peer, shared_);
    sessions_.push_back(session);
    const auto done = [this, session](const std::exception_ptr&) { sessions_.remove(session); };
    asio::co_spawn(io_, session->run(), done);
}

// Closes one session: of whoever holds most of them, so that nobody loses a place to one address;
// of those one that is idle, and of those the one that has been for longest.
void AdminHttp::make_room() {
    std::map<IpAddress, std::size_t> held;
    for (const auto& session : sessions_) {
        ++held[holder_of(session->peer().address)];
    }
    const auto order = [&held](const std::shared_ptr<AdminSession>& session) {
        const std::size_t places = held[holder_of(session->peer().address)];
        return std::tuple(SIZE_MAX - places, session->state(), session->since());
    };
    const auto gives_way = [&order](const auto& a, const auto& b) { return order(a) < order(b); };
    const auto victim = std::min_element(sessions_.begin(), sessions_.end(), gives_way);
    const std::shared_ptr<AdminSession> session = *victim;
    sessions_.erase(victim);
    shared_.refuse(AdminRefusal::made_room, session->peer(), "connections_max is reached");
    session->close();
}

void AdminHttp::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

AdminStatus AdminHttp::status() const {
    const std::string ip = config_.address.to_string();
    return {.address =
                fmt::format("{}:{}", config_.address.is_v4() ? ip : "[" + ip + "]", config_.port),
            .connections = sessions_.size(),
            .connections_max = config_.connections_max,
            .refused = admin_refusals_by_name(shared_.refused)};
}

}  // namespace weir
