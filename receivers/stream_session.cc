#include "receivers/stream_session.h"

#include "core/assert.h"
#include "receivers/proxy_reader.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr std::int64_t pause_piece_ns = 100 * ns_per_ms;
constexpr int final_reads_max = 256;  // of a session that is closed by us
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

Framer::Options framer_options(const StreamLimits& limits) {
    return {.message_bytes_max = limits.message_bytes_max, .oversize = limits.oversize};
}

}  // namespace

StreamSession::StreamSession(asio::ip::tcp::socket socket, const Peer& peer, bool proxied,
                             Places places, StreamListener& listener)
    : listener_(listener),
      place_(std::move(places.connection)),
      source_place_(std::move(places.source)),
      socket_(socket.release()),
      timer_(listener.io()),
      peer_(peer),
      framer_(framer_options(listener.options().limits)),
      buffer_(listener.shared().session_bytes),
      proxied_(proxied) {
    listener_.ready_set().add(socket_.get(), *this);
    listener_.counters().sessions_opened.add();
}

StreamSession::~StreamSession() = default;

void StreamSession::start() {
    const StreamLimits& limits = listener_.options().limits;
    const bool tls = listener_.options().tls != nullptr;
    phase_ = proxied_ ? Phase::proxy_header : tls ? Phase::handshake : Phase::open;
    set_deadline(phase_ == Phase::open ? limits.idle_timeout_ns : limits.handshake_timeout_ns);
    const auto self = shared_from_this();
    const auto done = [self](const std::exception_ptr&) { self->finish(); };
    asio::co_spawn(listener_.io(), run(), done);
}

// Gives the places back at once; the listener forgets the session at its next sweep.
void StreamSession::finish() {
    close_socket();
    finished_ = true;
    listener_.forget_unproven(*this);
    source_place_.reset();
    place_.reset();
    buffer_.clear();
    if (handshake_place_) {
        handshake_place_.reset();
        listener_.grant_handshakes();
    }
}

asio::awaitable<void> StreamSession::run() {
    if (proxied_) {
        const bool read = co_await read_proxy_header();
        if (!read || !admit_client()) {
            co_return;
        }
    }
    if (listener_.options().tls != nullptr) {
        const bool agreed = co_await handshake();
        if (!agreed) {
            co_return;
        }
    } else {
        transport_ = std::make_unique<PlainTransport>(socket_.get());
    }
    phase_ = Phase::open;
    set_deadline(listener_.options().limits.idle_timeout_ns);
    co_await read_loop();
}

asio::awaitable<void> StreamSession::wait_until_ready(StreamState state) {
    if (state == StreamState::open || (state == StreamState::wait_read && hung_up_)) {
        co_await asio::post(listener_.io(), asio::use_awaitable);  // others have their turn
        co_return;
    }
    const bool for_room = state == StreamState::wait_write;
    if (for_room) {
        listener_.ready_set().watch_room(socket_.get(), *this, true);
    }
    if (!ready_) {
        waits_for_ready_ = true;
        timer_.expires_at(asio::steady_timer::time_point::max());
        co_await timer_.async_wait(as_result);
        waits_for_ready_ = false;
    }
    ready_ = false;
    if (for_room && !closing_) {
        listener_.ready_set().watch_room(socket_.get(), *this, false);
    }
}

void StreamSession::on_ready(bool hung_up) {
    ready_ = true;
    hung_up_ = hung_up_ || hung_up;
    if (waits_for_ready_) {
        timer_.cancel();
    }
}

asio::awaitable<bool> StreamSession::read_proxy_header() {
    ProxyReader reader;
    while (!closing_) {
        const ProxyReader::State state = reader.read(socket_.get());
        if (state == ProxyReader::State::whole) {
            peer_ = reader.client().value_or(peer_);
            co_return true;
        }
        if (state == ProxyReader::State::refused) {
            refuse(RefusalReason::proxy_header, EventId::session_refused,
                   std::string(reader.failure()));
            co_return false;
        }
        if (state == ProxyReader::State::ended) {
            co_return false;
        }
        if (state == ProxyReader::State::wait) {
            co_await wait_until_ready(StreamState::wait_read);
        }
    }
    co_return false;
}

// What accept asks for a peer that is its own client.
bool StreamSession::admit_client() {
    if (!listener_.gate().allows(peer_)) {
        return false;
    }
    source_place_ = listener_.acquire_source(peer_);
    return source_place_.has_value();
}

// The place is asked for once the client has spoken, so that silent connections hold none.
asio::awaitable<bool> StreamSession::wait_for_handshake_place() {
    co_await wait_until_ready(StreamState::wait_read);
    if (closing_) {
        co_return false;
    }
    handshake_place_ = listener_.shared().handshakes.acquire();
    if (handshake_place_) {
        co_return true;
    }
    phase_ = Phase::queued;
    listener_.queue_handshake(shared_from_this());
    timer_.expires_at(asio::steady_timer::time_point::max());
    co_await timer_.async_wait(as_result);
    co_return handshake_place_.has_value() && !closing_;
}

void StreamSession::begin_handshake(ConnectionLimit::Permit place) {
    handshake_place_.emplace(std::move(place));
    phase_ = Phase::handshake;
    timer_.cancel();
}

asio::awaitable<bool> StreamSession::handshake() {
    phase_ = Phase::handshake;
    const bool granted = co_await wait_for_handshake_place();
    if (!granted) {
        co_return false;
    }
    auto transport = std::make_unique<TlsTransport>(socket_.get(), listener_.options().tls->read());
    tls_ = transport.get();
    transport_ = std::move(transport);
    StreamState state = StreamState::wait_read;
    while (!closing_) {
        state = tls_->handshake();
        if (state == StreamState::open || state == StreamState::ended) {
            break;
        }
        co_await wait_until_ready(state);
    }
    handshake_place_.reset();
    listener_.grant_handshakes();
    if (state == StreamState::ended && !closing_) {
        refuse(RefusalReason::tls_handshake, EventId::tls_refused, tls_->failure());
    }
    co_return state == StreamState::open && !closing_;
}

asio::awaitable<void> StreamSession::read_loop() {
    while (!closing_) {
        const StreamState state = read_once();
        if (state == StreamState::ended) {
            co_return;
        }
        co_await keep_to_the_rate();
        if (!closing_) {
            co_await wait_until_ready(state);
        }
    }
}

// A stream that is over a rate is not read: the sender's window closes, and nothing is lost. In
// pieces, so that a limit that is raised, or the drain, is noticed soon.
asio::awaitable<void> StreamSession::keep_to_the_rate() {
    bool paused = false;
    while (!closing_) {
        const std::int64_t pause_ns =
            listener_.sink().pause_ns(peer_, listener_.options().listener);
        if (pause_ns <= 0) {
            co_return;
        }
        if (!paused) {
            paused = true;
            listener_.counters().paused.add();
        }
        set_deadline(listener_.options().limits.idle_timeout_ns);  // it is we who are silent
        timer_.expires_after(std::chrono::nanoseconds(std::min(pause_ns, pause_piece_ns)));
        co_await timer_.async_wait(as_result);
        listener_.sink().begin_run();
    }
}

StreamState StreamSession::read_once() {
    const StreamLimits& limits = listener_.options().limits;
    framer_.set_options(framer_options(limits));
    const StreamRead read = transport_->read(buffer_.space(listener_.scratch()));
    if (read.bytes == 0 && read.state != StreamState::ended) {
        return read.state;
    }
    const bool ended = read.state == StreamState::ended;
    std::string_view rest =
        deliver_frames(buffer_.filled(read.bytes), ended, RejectReason::oversize);
    const std::size_t needed = Framer::buffer_bytes_needed(limits.message_bytes_max);
    while (!buffer_.keep(rest, needed)) {
        rest = deliver_without_room(rest);
    }
    return read.state;
}

std::string_view StreamSession::deliver_frames(std::string_view bytes, bool end_of_stream,
                                               RejectReason dropped_for) {
    FrameSink& sink = listener_.sink();
    const std::uint32_t number = listener_.options().listener;
    sink.begin_run();
    const Timestamp now = listener_.clock().now();
    bool completed = false;
    for (;;) {
        const FramingStep step = framer_.next(bytes, end_of_stream);
        if (step.has_frame) {
            sink.take({.bytes = step.frame,
                       .peer = peer_,
                       .received_at = now,
                       .defects = step.defects,
                       .octet_counted = step.octet_counted},
                      number);
        }
        if (step.dropped) {
            sink.reject(number, dropped_for);
        }
        completed = completed || step.has_frame || step.dropped;
        bytes.remove_prefix(step.consumed);
        if (step.consumed == 0 && !step.has_frame) {
            break;
        }
    }
    note_progress(completed, !bytes.empty());
    return bytes;
}

// The listener's session_bytes_max is reached: the message ends where the memory ends, as if that
// were message_bytes_max, and the rest of it is skipped when it comes.
std::string_view StreamSession::deliver_without_room(std::string_view rest) {
    listener_.counters().session_bytes_refused.add();
    Framer::Options options = framer_options(listener_.options().limits);
    options.message_bytes_max = rest.size() - Framer::buffer_bytes_needed(0);
    framer_.set_options(options);
    const std::string_view left = deliver_frames(rest, false, RejectReason::session_bytes);
    framer_.set_options(framer_options(listener_.options().limits));
    // The framer never asks for more of a message that fills its buffer.
    WEIR_ASSERT(left.size() < rest.size());
    return left;
}

// Only complete frames renew the time that a session has, and once the first bytes of the next one:
// a peer that trickles bytes does not keep its place for ever.
void StreamSession::note_progress(bool frame_completed, bool frame_begun) {
    if (frame_completed) {
        listener_.forget_unproven(*this);
    }
    if (frame_completed || (frame_begun && !frame_begun_)) {
        set_deadline(listener_.options().limits.idle_timeout_ns);
        listener_.note_sign_of_life(*this);
        frame_begun_ = frame_begun;
    }
}

void StreamSession::set_deadline(std::int64_t timeout_ns) {
    deadline_ns_ = listener_.clock().monotonic_ns() + timeout_ns;
}

void StreamSession::check_deadline(std::int64_t now_ns) {
    if (now_ns < deadline_ns_ || finished_ || closing_) {
        return;
    }
    switch (phase_) {
        case Phase::proxy_header:
            refuse(RefusalReason::handshake_timeout, EventId::session_refused,
                   "its PROXY header did not come within handshake_timeout");
            break;
        case Phase::queued:
            refuse(RefusalReason::handshakes_max, EventId::tls_refused,
                   fmt::format("handshakes_max of {} was reached for all of handshake_timeout",
                               listener_.shared().handshakes.max()));
            break;
        case Phase::handshake:
            refuse(RefusalReason::handshake_timeout, EventId::tls_refused,
                   "TLS handshake took too long");
            break;
        case Phase::open:
            refuse(RefusalReason::idle_timeout, EventId::session_refused,
                   frame_begun_ ? "did not complete a message within idle_timeout"
                                : "idle for longer than idle_timeout");
            break;
    }
    close();
}

void StreamSession::refuse(RefusalReason reason, EventId event, const std::string& detail) {
    listener_.gate().refuse(peer_, reason, event, detail);
}

// What the kernel has acknowledged to the sender is ours to deliver.
void StreamSession::read_what_is_there() {
    StreamState state = StreamState::open;
    for (int i = 0; i < final_reads_max && state == StreamState::open; ++i) {
        state = read_once();
    }
}

void StreamSession::close() {
    if (closing_ || finished_) {
        return;
    }
    if (phase_ == Phase::open && transport_ != nullptr) {
        read_what_is_there();
        static_cast<void>(deliver_frames(buffer_.kept(), true, RejectReason::oversize));
        buffer_.clear();
    }
    close_socket();
}

void StreamSession::close_socket() {
    closing_ = true;
    socket_ = FileDescriptor();
    timer_.cancel();
}

std::optional<ConnectionLimit::Permit> StreamSession::evict() {
    if (phase_ == Phase::open && transport_ != nullptr) {
        read_what_is_there();
    }
    if (!unproven || !place_) {
        return std::nullopt;
    }
    refuse(RefusalReason::evicted, EventId::session_refused,
           "made room for a new connection; it has not sent a complete message");
    std::optional<ConnectionLimit::Permit> place(std::move(place_));
    place_.reset();
    close();
    return place;
}

}  // namespace weir
