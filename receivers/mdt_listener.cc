#include "receivers/mdt_listener.h"

#include "receivers/mdt_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// How late a timeout may be noticed.
constexpr std::chrono::milliseconds sweep_interval{100};

}  // namespace

MdtListener::MdtListener(asio::io_context& io, FileDescriptor socket, Options options,
                         MdtShared& shared, MdtSink& sink, const Clock& clock, EventSink& events)
    : io_(io),
      acceptor_(io, std::move(socket), {.name = options.name, .ipv4 = options.ipv4}, events,
                [this](asio::ip::tcp::socket accepted, const Peer& peer) {
                    open_connection(std::move(accepted), peer);
                }),
      sweep_timer_(io),
      options_(std::move(options)),
      shared_(shared),
      sink_(sink),
      clock_(clock),
      gate_(options_.name, options_.listener, sink, events),
      ready_set_(io, clock),
      scratch_(std::make_unique_for_overwrite<char[]>(scratch_bytes)),
      alive_(std::make_shared<bool>(true)) {
    set_limits(options_.limits);
}

MdtListener::~MdtListener() = default;

Result<std::unique_ptr<MdtListener>> MdtListener::open(asio::io_context& io, FileDescriptor socket,
                                                       Options options, MdtShared& shared,
                                                       MdtSink& sink, const Clock& clock,
                                                       EventSink& events) {
    auto listener = std::make_unique<MdtListener>(io, std::move(socket), std::move(options), shared,
                                                  sink, clock, events);
    if (listener->options().framing != MdtFraming::tcp) {
        if (const Result<void> started = listener->start_grpc(); !started) {
            return tl::unexpected(started.error());
        }
    }
    return listener;
}

Result<void> MdtListener::start_grpc() {
    options_.grpc.listener = options_.listener;
    options_.grpc.message_bytes_max = options_.limits.message_bytes_max;
    options_.grpc.handshake_timeout_ns = options_.limits.handshake_timeout_ns;
    const auto on_unknown_method = [this, alive = std::weak_ptr<bool>(alive_)](
                                       const MdtGrpcConnectionPtr& connection,
                                       const std::string& method) {
        asio::post(io_, [this, alive, connection, method] {
            if (alive.lock() != nullptr) {
                gate_.refuse(connection->client, RefusalReason::unknown_method,
                             EventId::session_refused,
                             fmt::format("called the gRPC method {}", method));
            }
        });
    };
    auto server =
        MdtGrpcServer::start(options_.grpc, shared_.streams, sink_, clock_, on_unknown_method);
    if (!server) {
        return tl::unexpected(server.error());
    }
    grpc_ = std::move(*server);
    return {};
}

void MdtListener::start() {
    ready_set_.start();
    acceptor_.start();
    asio::co_spawn(io_, sweep_loop(), asio::detached);
}

void MdtListener::set_limits(MdtLimits limits) {
    options_.limits = limits;
    ready_set_.set_coalesce_ns(limits.coalesce_ns);
    if (grpc_ != nullptr) {
        grpc_->set_message_bytes_max(limits.message_bytes_max);
    }
}

void MdtListener::open_connection(asio::ip::tcp::socket socket, const Peer& peer) {
    const bool proxied = gate_.is_proxy(peer);
    std::optional<SourcePlaces::Permit> source;
    if (!proxied) {
        if (!gate_.allows(peer)) {
            return;
        }
        source = acquire_source(peer);
        if (!source) {
            return;
        }
    }
    auto place = acquire_place();
    if (!place) {
        gate_.refuse(peer, RefusalReason::connections_max, EventId::session_refused,
                     fmt::format("connections_max of {} is reached", shared_.connections.max()));
        return;
    }
    auto connection = std::make_shared<MdtConnection>(
        std::move(socket), peer, proxied,
        MdtConnection::Places{std::move(*place), std::move(source)}, *this);
    connections_.push_back(connection);
    connection->start();
}

std::optional<ConnectionLimit::Permit> MdtListener::acquire_place() {
    std::optional<ConnectionLimit::Permit> place = shared_.connections.acquire();
    if (place) {
        return place;
    }
    MdtConnection* longest_idle = nullptr;
    for (const auto& connection : connections_) {
        if (!connection->finished() && !connection->proven() &&
            (longest_idle == nullptr ||
             connection->last_sign_ns() < longest_idle->last_sign_ns())) {
            longest_idle = connection.get();
        }
    }
    return longest_idle == nullptr ? std::nullopt : longest_idle->evict();
}

asio::awaitable<void> MdtListener::sweep_loop() {
    while (!stopped_) {
        sweep_timer_.expires_after(sweep_interval);
        const auto [error] = co_await sweep_timer_.async_wait(as_result);
        if (error) {
            co_return;
        }
        sweep();
    }
}

void MdtListener::sweep() {
    const std::int64_t now_ns = clock_.monotonic_ns();
    for (const auto& connection : connections_) {
        connection->check_deadline(now_ns);
    }
    connections_.remove_if([](const auto& connection) { return connection->finished(); });
    gate_.counters().source_sessions.set(gate_.largest_source());
}

void MdtListener::stop_accepting() {
    acceptor_.close();
    draining_ = true;
    if (grpc_ != nullptr) {
        grpc_->go_away();
    }
}

void MdtListener::stop() {
    if (stopped_) {
        return;
    }
    stopped_ = true;
    stop_accepting();
    sweep_timer_.cancel();
    ready_set_.stop();
    for (const auto& connection : connections_) {
        connection->close();
    }
    if (grpc_ != nullptr) {
        grpc_->stop();
    }
    alive_.reset();
    connections_.clear();  // each ends with its coroutine
}

}  // namespace weir
