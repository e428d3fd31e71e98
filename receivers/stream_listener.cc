#include "receivers/stream_listener.h"

#include "receivers/stream_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// How late a timeout may be noticed. One sweep over the sessions is cheaper than a timer each.
constexpr std::chrono::milliseconds sweep_interval{100};
// Idle sessions looked at for the place of a new one. A look reads what is in the socket.
constexpr int evictions_tried_max = 16;

}  // namespace

StreamListener::StreamListener(asio::io_context& io, FileDescriptor socket, Options options,
                               StreamShared& shared, FrameSink& sink, const Clock& clock,
                               EventSink& events)
    : io_(io),
      acceptor_(io, std::move(socket), {.name = options.name, .ipv4 = options.ipv4}, events,
                [this](asio::ip::tcp::socket accepted, const Peer& peer) {
                    open_session(std::move(accepted), peer);
                }),
      sweep_timer_(io),
      options_(std::move(options)),
      shared_(shared),
      sink_(sink),
      clock_(clock),
      gate_(options_.name, options_.listener, sink, events),
      ready_set_(io, clock),
      scratch_(std::make_unique_for_overwrite<char[]>(scratch_bytes)) {
    set_limits(options_.limits);
}

StreamListener::~StreamListener() = default;

void StreamListener::start() {
    ready_set_.start();
    acceptor_.start();
    asio::co_spawn(io_, sweep_loop(), asio::detached);
}

void StreamListener::set_limits(StreamLimits limits) {
    options_.limits = limits;
    ready_set_.set_coalesce_ns(limits.coalesce_ns);
}

void StreamListener::open_session(asio::ip::tcp::socket socket, const Peer& peer) {
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
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    auto session = std::make_shared<StreamSession>(
        std::move(socket), peer, proxied,
        StreamSession::Places{std::move(*place), std::move(source)}, *this);
    sessions_.push_back(session);
    session->unproven = unproven_.insert(unproven_.end(), session.get());
    session->start();
}

std::optional<ConnectionLimit::Permit> StreamListener::acquire_place() {
    std::optional<ConnectionLimit::Permit> place = shared_.connections.acquire();
    for (int i = 0; !place && !unproven_.empty() && i < evictions_tried_max; ++i) {
        StreamSession& longest_idle = *unproven_.front();
        place = longest_idle.evict();
        note_sign_of_life(longest_idle);  // if it is still there
    }
    return place;
}

void StreamListener::forget_unproven(StreamSession& session) {
    if (session.unproven) {
        unproven_.erase(*session.unproven);
        session.unproven.reset();
    }
}

void StreamListener::note_sign_of_life(StreamSession& session) {
    if (session.unproven) {
        unproven_.splice(unproven_.end(), unproven_, *session.unproven);
    }
}

void StreamListener::queue_handshake(const std::shared_ptr<StreamSession>& session) {
    handshake_queue_.push_back(session);
}

void StreamListener::grant_handshakes() {
    while (!handshake_queue_.empty()) {
        const std::shared_ptr<StreamSession> session = handshake_queue_.front().lock();
        if (session && !session->closing()) {
            std::optional<ConnectionLimit::Permit> place = shared_.handshakes.acquire();
            if (!place) {
                return;
            }
            session->begin_handshake(std::move(*place));
        }
        handshake_queue_.pop_front();
    }
}

asio::awaitable<void> StreamListener::sweep_loop() {
    while (!stopped_) {
        sweep_timer_.expires_after(sweep_interval);
        const auto [error] = co_await sweep_timer_.async_wait(as_result);
        if (error) {
            co_return;
        }
        sweep();
    }
}

void StreamListener::sweep() {
    const std::int64_t now_ns = clock_.monotonic_ns();
    for (const auto& session : sessions_) {
        session->check_deadline(now_ns);
    }
    sessions_.remove_if([](const auto& session) { return session->finished(); });
    counters().source_sessions.set(gate_.largest_source());
    grant_handshakes();  // for places that other threads gave back
}

void StreamListener::stop_accepting() {
    acceptor_.close();
}

void StreamListener::stop() {
    stopped_ = true;
    stop_accepting();
    sweep_timer_.cancel();
    ready_set_.stop();
    for (const auto& session : sessions_) {
        session->close();
    }
    handshake_queue_.clear();
    sessions_.clear();  // each ends with its coroutine
}

}  // namespace weir
