#include "receivers/mdt_connection.h"

#include "receivers/proxy_reader.h"
#include "receivers/stream_transport.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr std::int64_t room_pause_ns = 50 * ns_per_ms;
constexpr std::int64_t pause_piece_ns = 100 * ns_per_ms;
constexpr int final_reads_max = 256;  // of a connection that is closed by us
// An incomplete frame holds memory of everybody's; nobody needs longer for 16 MiB.
constexpr std::int64_t frame_timeout_ns = 120 * ns_per_s;
constexpr int keepalive_probes = 3;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

void set_tcp_option(int socket, int option, int value) {
    setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
}

// The kernel notices a peer that is gone, as gRPC's pings do.
void set_keepalive(int socket, const MdtGrpcServer::Options& options) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const auto seconds = [](std::int64_t ns) {
        return static_cast<int>(std::clamp<std::int64_t>(ns / ns_per_s, 1, 32767));
    };
    set_tcp_option(socket, TCP_KEEPIDLE, seconds(options.keepalive_interval_ns));
    set_tcp_option(socket, TCP_KEEPINTVL, seconds(options.keepalive_timeout_ns / keepalive_probes));
    set_tcp_option(socket, TCP_KEEPCNT, keepalive_probes);
}

}  // namespace

MdtConnection::MdtConnection(asio::ip::tcp::socket socket, const Peer& peer, bool proxied,
                             Places places, MdtListener& listener)
    : listener_(listener),
      place_(std::move(places.connection)),
      source_place_(std::move(places.source)),
      socket_(socket.release()),
      timer_(listener.io()),
      socket_peer_(peer),
      peer_(peer),
      opened_ns_(listener.clock().monotonic_ns()),
      proxied_(proxied) {
    fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
    listener_.ready_set().add(socket_.get(), *this);
    listener_.gate().counters().sessions_opened.add();
}

MdtConnection::~MdtConnection() {
    close_socket();
}

void MdtConnection::start() {
    phase_ = proxied_ ? Phase::proxy_header : Phase::first_bytes;
    set_deadline(listener_.options().limits.handshake_timeout_ns);
    const auto self = shared_from_this();
    const auto done = [self](const std::exception_ptr&) { self->finish(); };
    asio::co_spawn(listener_.io(), run(), done);
}

// Gives the places back at once; the listener forgets the connection at its next sweep.
void MdtConnection::finish() {
    note_end_of_grpc();
    close_socket();
    finished_ = true;
    tcp_.reset();
    source_place_.reset();
    place_.reset();
}

asio::awaitable<void> MdtConnection::run() {
    if (proxied_) {
        const bool read = co_await read_proxy_header();
        if (!read || !admit_client()) {
            co_return;
        }
    }
    phase_ = Phase::first_bytes;
    set_deadline(listener_.options().limits.handshake_timeout_ns);
    const MdtProtocol protocol = co_await read_first_bytes();
    if (closing_ || !admit_protocol(protocol)) {
        co_return;
    }
    if (protocol == MdtProtocol::framed) {
        co_await read_frames();
    } else {
        co_await hand_to_grpc(protocol == MdtProtocol::tls);
    }
}

asio::awaitable<void> MdtConnection::wait_until_ready() {
    if (!ready_) {
        waits_for_ready_ = true;
        timer_.expires_at(asio::steady_timer::time_point::max());
        co_await timer_.async_wait(as_result);
        waits_for_ready_ = false;
    }
    ready_ = false;
}

void MdtConnection::on_ready(bool hung_up) {
    ready_ = true;
    hung_up_ = hung_up_ || hung_up;
    if (waits_for_ready_) {
        timer_.cancel();
    }
}

asio::awaitable<bool> MdtConnection::read_proxy_header() {
    ProxyReader reader;
    while (!closing_) {
        const ProxyReader::State state = reader.read(socket_.get());
        if (state == ProxyReader::State::whole) {
            peer_ = reader.client().value_or(peer_);
            co_return true;
        }
        if (state == ProxyReader::State::refused) {
            refuse(RefusalReason::proxy_header, std::string(reader.failure()));
            co_return false;
        }
        if (state == ProxyReader::State::ended) {
            co_return false;
        }
        if (state == ProxyReader::State::wait) {
            co_await wait_until_ready();
        }
    }
    co_return false;
}

// What accept asks for a peer that is its own client.
bool MdtConnection::admit_client() {
    if (!listener_.gate().allows(peer_)) {
        return false;
    }
    source_place_ = listener_.acquire_source(peer_);
    return source_place_.has_value();
}

// Looks only: gRPC and the TLS below it want every byte.
asio::awaitable<MdtProtocol> MdtConnection::read_first_bytes() {
    std::array<char, 16> seen{};
    while (!closing_) {
        const ssize_t count =
            recv(socket_.get(), seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
        const bool nothing_yet =
            count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        if (count <= 0 && !nothing_yet) {
            break;
        }
        if (count > 0) {
            front_.assign(seen.data(), static_cast<std::size_t>(count));
            const MdtProtocol protocol = recognise_mdt(front_);
            if (protocol != MdtProtocol::need_more) {
                co_return protocol;
            }
            if (hung_up_) {
                break;
            }
        }
        co_await wait_until_ready();
    }
    co_return MdtProtocol::need_more;
}

bool MdtConnection::admit_protocol(MdtProtocol protocol) {
    const MdtListener::Options& options = listener_.options();
    const auto refused = [this](const std::string& detail) {
        refuse(RefusalReason::unknown_protocol, detail);
        return false;
    };
    switch (protocol) {
        case MdtProtocol::need_more:
            // One that only connects, a health check, is nobody's fault.
            return front_.empty() ? false
                                  : refused(fmt::format("ended after its first bytes: {}",
                                                        show_first_bytes(front_)));
        case MdtProtocol::unknown:
            return refused(fmt::format(
                "speaks neither gRPC nor TLS nor Cisco's TCP framing; its first bytes: {}",
                show_first_bytes(front_)));
        case MdtProtocol::framed:
            if (options.tls_only || options.framing == MdtFraming::grpc) {
                return refused("speaks Cisco's TCP framing, which is not taken here");
            }
            return true;
        case MdtProtocol::h2c:
            if (options.tls_only) {
                return refused("speaks gRPC in clear, and this listener demands TLS");
            }
            break;
        case MdtProtocol::tls:
            if (!options.grpc.tls) {
                return refused("speaks TLS, and this listener has no certificate");
            }
            break;
    }
    if (listener_.grpc() == nullptr) {
        return refused("speaks gRPC, which is not taken here");
    }
    return !listener_.draining();  // too late to be handed over
}

// The socket is gRPC's from here on. A duplicate stays in the set, to learn the end.
asio::awaitable<void> MdtConnection::hand_to_grpc(bool tls) {
    phase_ = Phase::grpc;
    over_tls_ = tls;
    FileDescriptor theirs(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0));
    if (theirs.get() < 0) {
        throw std::system_error(errno, std::generic_category(), "dup");
    }
    listener_.ready_set().watch_end(socket_.get(), *this);
    grpc_connection_ = std::make_shared<MdtGrpcConnection>();
    grpc_connection_->socket_peer = socket_peer_;
    grpc_connection_->client = peer_;
    grpc_connection_->progress_ns = listener_.clock().monotonic_ns();
    listener_.grpc()->hand_over(std::move(theirs), tls, grpc_connection_);
    while (!closing_ && !has_ended()) {
        co_await wait_until_ready();
    }
}

bool MdtConnection::has_ended() const {
    pollfd watched{.fd = socket_.get(), .events = 0, .revents = 0};
    return poll(&watched, 1, 0) > 0 && (watched.revents & (POLLHUP | POLLNVAL)) != 0;
}

void MdtConnection::note_end_of_grpc() {
    if (grpc_connection_ == nullptr) {
        return;
    }
    if (over_tls_ && !grpc_connection_->called && !closing_) {
        listener_.gate().refuse(peer_, RefusalReason::tls_handshake, EventId::tls_refused,
                                "ended before its first call: the TLS handshake failed, or it does "
                                "not speak gRPC over TLS");
    }
    if (listener_.grpc() != nullptr) {
        listener_.grpc()->forget(grpc_connection_);
    }
}

asio::awaitable<void> MdtConnection::read_frames() {
    phase_ = Phase::tcp;
    set_keepalive(socket_.get(), listener_.options().grpc);
    set_deadline(listener_.options().limits.idle_timeout_ns);
    tcp_ = std::make_unique<MdtTcpSession>(
        MdtStream::Options{.listener = listener_.options().listener, .peer = peer_},
        listener_.shared().streams, listener_.sink(), listener_.options().limits.message_bytes_max);
    while (!closing_) {
        const bool more = read_once();
        if (!more) {
            break;
        }
        co_await keep_to_the_rate();
        if (closing_) {
            break;
        }
        if (unread_ || hung_up_) {
            co_await asio::post(listener_.io(), asio::use_awaitable);  // others have their turn
        } else {
            co_await wait_until_ready();
        }
    }
    if (tcp_ != nullptr) {
        tcp_->end();
    }
}

bool MdtConnection::read_once() {
    const std::uint64_t messages = tcp_->messages();
    const bool frame_begun = tcp_->frame_begun();
    PlainTransport transport(socket_.get());
    const StreamRead read = transport.read(tcp_->space(listener_.scratch()));
    unread_ = read.state == StreamState::open;
    if (!tcp_->take(read.bytes, listener_.clock().now(),
                    listener_.options().limits.message_bytes_max)) {
        refuse(RefusalReason::bad_framing,
               fmt::format("its TCP framing cannot be read on: {}", tcp_->failure()));
        return false;
    }
    // Only whole messages renew the time that a session has, and the first bytes of the next one
    // shorten it.
    const std::int64_t idle_ns = listener_.options().limits.idle_timeout_ns;
    if (tcp_->frame_begun() && (!frame_begun || tcp_->messages() > messages)) {
        set_deadline(std::min(idle_ns, frame_timeout_ns));
    } else if (tcp_->messages() > messages) {
        set_deadline(idle_ns);
    }
    return read.state != StreamState::ended;
}

// A stream that is over a rate, or that the log has no room for, is not read: the sender's window
// closes, and nothing is lost.
asio::awaitable<void> MdtConnection::keep_to_the_rate() {
    bool paused = false;
    while (!closing_) {
        const std::int64_t rate_ns = listener_.sink().pause_ns(peer_, listener_.options().listener);
        const bool room = listener_.sink().has_room();
        if (room && rate_ns <= 0) {
            co_return;
        }
        if (!paused) {
            paused = true;
            listener_.sink().stream_paused(listener_.options().listener);
        }
        set_deadline(listener_.options().limits.idle_timeout_ns);  // it is we who are silent
        timer_.expires_after(
            std::chrono::nanoseconds(room ? std::min(rate_ns, pause_piece_ns) : room_pause_ns));
        co_await timer_.async_wait(as_result);
        listener_.sink().begin_run();
    }
}

void MdtConnection::set_deadline(std::int64_t timeout_ns) {
    deadline_ns_ = listener_.clock().monotonic_ns() + timeout_ns;
}

std::int64_t MdtConnection::last_sign_ns() const {
    return grpc_connection_ != nullptr ? grpc_connection_->progress_ns.load() : opened_ns_;
}

bool MdtConnection::proven() const {
    return (grpc_connection_ != nullptr && grpc_connection_->proven) ||
           (tcp_ != nullptr && tcp_->messages() > 0);
}

void MdtConnection::check_deadline(std::int64_t now_ns) {
    if (finished_ || closing_) {
        return;
    }
    if (phase_ == Phase::grpc) {
        const std::int64_t idle_ns = now_ns - grpc_connection_->progress_ns;
        if (idle_ns > listener_.options().limits.idle_timeout_ns) {
            refuse(RefusalReason::idle_timeout, "no whole message for longer than idle_timeout");
            close();
        }
        return;
    }
    if (now_ns < deadline_ns_) {
        return;
    }
    switch (phase_) {
        case Phase::proxy_header:
            refuse(RefusalReason::handshake_timeout,
                   "its PROXY header did not come within handshake_timeout");
            break;
        case Phase::first_bytes:
            refuse(RefusalReason::handshake_timeout,
                   "its first bytes did not come within handshake_timeout");
            break;
        case Phase::grpc:
        case Phase::tcp:
            refuse(RefusalReason::idle_timeout,
                   tcp_ != nullptr && tcp_->frame_begun()
                       ? "did not complete a message in time"
                       : "no whole message for longer than idle_timeout");
            break;
    }
    close();
}

void MdtConnection::refuse(RefusalReason reason, const std::string& detail) {
    listener_.gate().refuse(peer_, reason, EventId::session_refused, detail);
}

void MdtConnection::close() {
    if (closing_ || finished_) {
        return;
    }
    if (phase_ == Phase::tcp && tcp_ != nullptr) {
        // What the kernel has acknowledged to the sender is ours to deliver.
        unread_ = true;
        for (int i = 0; i < final_reads_max && unread_; ++i) {
            if (!read_once()) {
                break;
            }
        }
        tcp_->end();
    }
    closing_ = true;
    if (phase_ == Phase::grpc) {
        shutdown(socket_.get(), SHUT_RDWR);  // gRPC's duplicate ends with it
    }
    close_socket();
}

void MdtConnection::close_socket() {
    if (socket_.get() < 0) {
        return;
    }
    closing_ = true;
    // gRPC may still hold its duplicate, which would keep the socket in the set.
    listener_.ready_set().remove(socket_.get());
    socket_ = FileDescriptor();
    timer_.cancel();
}

std::optional<ConnectionLimit::Permit> MdtConnection::evict() {
    if (phase_ == Phase::tcp && tcp_ != nullptr && !closing_) {
        static_cast<void>(read_once());
    }
    if (proven() || !place_ || closing_) {
        return std::nullopt;
    }
    refuse(RefusalReason::evicted, "made room for a new connection; it has not sent a message");
    std::optional<ConnectionLimit::Permit> place(std::move(place_));
    place_.reset();
    close();
    return place;
}

}  // namespace weir
