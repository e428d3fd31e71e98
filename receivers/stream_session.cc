#include "receivers/stream_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace weir {

namespace {

namespace asio = boost::asio;

constexpr std::size_t buffer_bytes_initial = 16 * 1024;
constexpr std::int64_t pause_piece_ns = 100 * ns_per_ms;
constexpr int final_reads_max = 256;  // of a session that is closed by us
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

std::string subject_of(X509* certificate) {
    if (certificate == nullptr) {
        return {};
    }
    std::array<char, 256> text{};
    X509_NAME_oneline(X509_get_subject_name(certificate), text.data(),
                      static_cast<int>(text.size()));
    return text.data();
}

Framer::Options framer_options(const StreamLimits& limits) {
    return {.message_bytes_max = limits.message_bytes_max, .oversize = limits.oversize};
}

}  // namespace

StreamSession::StreamSession(asio::ip::tcp::socket socket, const Peer& peer,
                             ConnectionLimit::Permit permit, StreamListener& listener)
    : listener_(listener),
      permit_(std::move(permit)),
      stream_(std::move(socket)),
      peer_(peer),
      framer_(framer_options(listener.options().limits)) {
    if (listener_.options().tls != nullptr) {
        tls_context_ = listener_.options().tls->read();
        // Asio takes a mutable context but only reads it.
        auto& context = const_cast<asio::ssl::context&>(*tls_context_);
        stream_ = std::make_unique<Tls>(std::move(std::get<Plain>(stream_)), context);
    }
    listener_.sink().counters(listener_.options().listener).sessions_opened.add();
}

StreamSession::~StreamSession() = default;

StreamSession::Plain& StreamSession::socket() {
    auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_);
    return tls != nullptr ? (*tls)->next_layer() : std::get<Plain>(stream_);
}

void StreamSession::start() {
    set_deadline(listener_.options().limits.idle_timeout_ns);
    const auto executor = socket().get_executor();
    const auto self = shared_from_this();
    const auto done = [self](const std::exception_ptr&) { self->finished_ = true; };
    asio::co_spawn(executor, run(), done);
}

asio::awaitable<void> StreamSession::run() {
    const bool tls = std::holds_alternative<std::unique_ptr<Tls>>(stream_);
    if (tls) {
        const bool agreed = co_await handshake();
        if (!agreed) {
            co_return;
        }
    }
    co_await read_loop();
}

asio::awaitable<bool> StreamSession::handshake() {
    Tls& tls = *std::get<std::unique_ptr<Tls>>(stream_);
    handshaking_ = true;
    set_deadline(listener_.options().limits.handshake_timeout_ns);
    // OpenSSL forgets the certificate it refused; the operator wants to know whose it was.
    const auto remember = [this](bool preverified, asio::ssl::verify_context& verify) {
        if (!preverified) {
            refused_subject_ = subject_of(X509_STORE_CTX_get_current_cert(verify.native_handle()));
        }
        return preverified;
    };
    tls.set_verify_callback(remember);
    const auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::server, as_result);
    handshaking_ = false;
    if (error && !closing_) {
        SSL* native = tls.native_handle();
        const auto verify_error = static_cast<int>(SSL_get_verify_result(native));
        refuse(RefusalReason::tls_handshake, EventId::tls_refused,
               describe_handshake_failure(error, verify_error, refused_subject_));
    }
    co_return !error;
}

asio::awaitable<void> StreamSession::read_loop() {
    while (!closing_) {
        set_deadline(listener_.options().limits.idle_timeout_ns);
        make_room();
        const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
        boost::system::error_code error;
        std::size_t count = 0;
        if (auto* tls = std::get_if<std::unique_ptr<Tls>>(&stream_); tls != nullptr) {
            std::tie(error, count) = co_await (*tls)->async_read_some(space, as_result);
        } else {
            std::tie(error, count) =
                co_await std::get<Plain>(stream_).async_read_some(space, as_result);
        }
        end_ += count;
        if (count > 0 || !closing_) {
            deliver_frames(closing_ || static_cast<bool>(error));
        }
        if (error || closing_) {
            boost::system::error_code ignored;
            socket().close(ignored);
            co_return;
        }
        co_await keep_to_the_rate();
    }
}

// A stream that is over a rate is not read: the sender's window closes, and nothing is lost. In
// pieces, so that a limit that is raised, or the drain, is noticed soon.
asio::awaitable<void> StreamSession::keep_to_the_rate() {
    const std::uint32_t number = listener_.options().listener;
    asio::steady_timer timer(socket().get_executor());
    bool paused = false;
    while (!closing_) {
        const std::int64_t pause_ns = listener_.sink().pause_ns(peer_, number);
        if (pause_ns <= 0) {
            co_return;
        }
        if (!paused) {
            paused = true;
            listener_.sink().counters(number).paused.add();
        }
        set_deadline(listener_.options().limits.idle_timeout_ns);  // it is we who are silent
        timer.expires_after(std::chrono::nanoseconds(std::min(pause_ns, pause_piece_ns)));
        co_await timer.async_wait(as_result);
        listener_.sink().begin_run();
    }
}

void StreamSession::make_room() {
    const StreamLimits& limits = listener_.options().limits;
    framer_.set_options(framer_options(limits));
    const std::size_t needed = Framer::buffer_bytes_needed(limits.message_bytes_max);
    if (buffer_.empty()) {
        buffer_.resize(std::min(buffer_bytes_initial, needed));
    }
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) {
        // The framer asks for more only below `needed`, so this ends.
        buffer_.resize(std::max(std::min(buffer_.size() * 2, needed), end_ + 1));
    }
}

void StreamSession::deliver_frames(bool end_of_stream) {
    FrameSink& sink = listener_.sink();
    const std::uint32_t number = listener_.options().listener;
    sink.begin_run();
    const Timestamp now = listener_.clock().now();
    for (;;) {
        const std::string_view buffered(buffer_.data() + begin_, end_ - begin_);
        const FramingStep step = framer_.next(buffered, end_of_stream);
        if (step.has_frame) {
            sink.take({.bytes = step.frame,
                       .peer = peer_,
                       .received_at = now,
                       .defects = step.defects,
                       .octet_counted = step.octet_counted},
                      number);
        }
        if (step.dropped) {
            sink.reject(number, RejectReason::oversize);
        }
        begin_ += step.consumed;
        if (step.consumed == 0 && !step.has_frame) {
            return;
        }
    }
}

void StreamSession::set_deadline(std::int64_t timeout_ns) {
    deadline_ns_ = listener_.clock().monotonic_ns() + timeout_ns;
}

void StreamSession::check_deadline(std::int64_t now_ns) {
    if (now_ns < deadline_ns_ || finished_ || closing_) {
        return;
    }
    if (handshaking_) {
        refuse(RefusalReason::handshake_timeout, EventId::tls_refused,
               "TLS handshake took too long");
    } else {
        refuse(RefusalReason::idle_timeout, EventId::session_refused,
               "idle for longer than idle_timeout");
    }
    close();
}

void StreamSession::refuse(RefusalReason reason, EventId event, const std::string& detail) {
    auto& counters = listener_.sink().counters(listener_.options().listener);
    counters.refused[static_cast<std::size_t>(reason)].add();
    listener_.events().emit({event, listener_.options().name,
                             fmt::format("{}: {}", peer_.address.to_string(), detail)});
}

// What the kernel has acknowledged to the sender is ours to deliver. Over TLS it is left: records
// can only be read through the stream's own, pending operation.
void StreamSession::read_what_is_there() {
    auto* plain = std::get_if<Plain>(&stream_);
    if (plain == nullptr) {
        return;
    }
    boost::system::error_code error;
    plain->non_blocking(true, error);
    for (int i = 0; i < final_reads_max && !error; ++i) {
        make_room();
        end_ += plain->read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_), error);
        deliver_frames(false);
    }
}

void StreamSession::close() {
    if (closing_ || finished_) {
        return;
    }
    if (!handshaking_) {
        read_what_is_there();
        deliver_frames(true);
    }
    closing_ = true;
    boost::system::error_code ignored;
    socket().close(ignored);
}

}  // namespace weir
