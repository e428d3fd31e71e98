// The least that could be done: reads datagrams or streams, writes each line into Loki's push form,
// compresses, pushes. No parsing, no limits, no accounts, no labels, no retry. What a receiver
// spends beyond this is the price of what it does.
#include "bench/peers/mark.h"
#include "bench/peers/net.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <array>
#include <fcntl.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/epoll.h>
#include <thread>
#include <vector>

namespace weir::bench {
namespace {

constexpr std::size_t batch_bytes_max = 1024 * 1024;
constexpr std::uint64_t batch_age_us_max = 1'000'000;
constexpr std::size_t slots_count = 64;
constexpr std::size_t slot_bytes = 8192;
constexpr std::size_t stream_bytes = 64 * 1024;
constexpr int wait_ms = 50;

struct Options {
    std::string transport = "udp";
    std::string certificate;
    std::string key;
    std::uint16_t port = 0;
    std::uint16_t sink_port = 0;
    std::size_t threads = 1;
    int receive_buffer_bytes = 8 << 20;
    std::uint64_t coalesce_us = 0;
};

// Resource: one open batch as a single stream of Loki's push protocol, PushRequest{1: Stream{1:
// labels, 2: Entry{1: Timestamp{1: s, 2: ns}, 2: line}}}, and the connection that it leaves on.
class Batch {
  public:
    explicit Batch(std::uint16_t port)
        : fd_(connected(SOCK_STREAM, address_of("127.0.0.1", 0), address_of("127.0.0.1", port))) {
        begin();
    }

    void add(std::string_view line, const timespec& now) {
        protozero::pbf_writer entry(*stream_, 2);
        {
            protozero::pbf_writer time(entry, 1);
            time.add_int64(1, now.tv_sec);
            time.add_int32(2, static_cast<std::int32_t>(now.tv_nsec));
        }
        entry.add_string(2, line.data(), line.size());
        if (first_us_ == 0) {
            first_us_ = monotonic_us();
        }
    }

    void push_when_due() {
        const bool full = plain_.size() >= batch_bytes_max;
        const bool old = first_us_ != 0 && monotonic_us() - first_us_ >= batch_age_us_max;
        if (full || old) {
            push();
        }
    }

  private:
    void begin() {
        plain_.clear();
        request_.emplace(plain_);
        stream_.emplace(*request_, 1);
        stream_->add_string(1, R"({job="bare"})");
        first_us_ = 0;
    }

    void push() {
        stream_.reset();
        request_.reset();
        snappy::Compress(plain_.data(), plain_.size(), &body_);
        const std::string head = fmt::format(
            "POST /loki/api/v1/push HTTP/1.1\r\nHost: sink\r\n"
            "Content-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            body_.size());
        send_all(head, MSG_MORE);
        send_all(body_, 0);
        std::array<char, 512> answer{};
        must(static_cast<int>(recv(fd_.get(), answer.data(), answer.size(), 0)), "answer");
        begin();
    }

    void send_all(std::string_view bytes, int flags) {
        while (!bytes.empty()) {
            const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
            must(static_cast<int>(sent), "push");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    Fd fd_;
    std::string plain_;
    std::string body_;
    std::optional<protozero::pbf_writer> request_;
    std::optional<protozero::pbf_writer> stream_;
    std::uint64_t first_us_ = 0;  // when the oldest line came; 0: there is none
};

timespec wall_clock() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

void wait_readable(int epoll) {
    epoll_event event{};
    epoll_wait(epoll, &event, 1, wait_ms);
}

Fd epoll_of(int fd) {
    Fd epoll(must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    must(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    return epoll;
}

struct Slots {
    std::array<mmsghdr, slots_count> headers{};
    std::array<iovec, slots_count> slices{};
    std::vector<char> bytes = std::vector<char>(slots_count * slot_bytes);

    Slots() {
        for (std::size_t i = 0; i < slots_count; ++i) {
            slices[i] = {&bytes[i * slot_bytes], slot_bytes};
            headers[i].msg_hdr.msg_iov = &slices[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
    }
};

[[noreturn]] void receive_datagrams(const Options& options, const Fd& socket) {
    const Fd epoll = epoll_of(socket.get());
    Slots slots;
    Batch batch(options.sink_port);
    for (;;) {
        wait_readable(epoll.get());
        if (options.coalesce_us != 0) {
            const timespec pause{.tv_sec = 0,
                                 .tv_nsec = static_cast<long>(options.coalesce_us * 1000)};
            clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        }
        for (;;) {
            const int count =
                recvmmsg(socket.get(), slots.headers.data(), slots_count, MSG_DONTWAIT, nullptr);
            const timespec now = wall_clock();
            for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
                batch.add({&slots.bytes[i * slot_bytes], slots.headers[i].msg_len}, now);
            }
            batch.push_when_due();
            if (count < static_cast<int>(slots_count)) {
                break;
            }
        }
    }
}

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }

    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

using TlsContext = std::unique_ptr<SSL_CTX, FreeSsl>;

// Empty without a certificate.
TlsContext tls_context(const Options& options) {
    TlsContext context;
    if (!options.certificate.empty()) {
        context.reset(SSL_CTX_new(TLS_server_method()));
        const char* certificate = options.certificate.c_str();
        if (SSL_CTX_use_certificate_chain_file(context.get(), certificate) != 1 ||
            SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM) !=
                1) {
            fail("certificate or key");
        }
    }
    return context;
}

// Resource: one accepted connection and what of its last line has come.
struct Stream {
    Fd fd;
    std::unique_ptr<SSL, FreeSsl> ssl;
    std::vector<char> bytes = std::vector<char>(stream_bytes);
    std::size_t used = 0;

    // The handshake, waiting for it.
    void begin_tls(SSL_CTX* context) {
        ssl.reset(SSL_new(context));
        SSL_set_fd(ssl.get(), fd.get());
        if (SSL_accept(ssl.get()) != 1) {
            fail("SSL_accept");
        }
        must(fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl");
    }

    // As recv(2).
    ssize_t receive(char* into, std::size_t size) {
        if (!ssl) {
            return recv(fd.get(), into, size, MSG_DONTWAIT);
        }
        const int got = SSL_read(ssl.get(), into, static_cast<int>(size));
        if (got <= 0 && SSL_get_error(ssl.get(), got) == SSL_ERROR_WANT_READ) {
            errno = EAGAIN;
            return -1;
        }
        return got;
    }

    // Whether the connection goes on.
    bool read_into(Batch& batch) {
        do {
            const ssize_t got = receive(bytes.data() + used, bytes.size() - used);
            if (got <= 0) {
                return got < 0 && errno == EAGAIN;
            }
            used += static_cast<std::size_t>(got);
            add_lines(batch);
        } while (ssl && SSL_pending(ssl.get()) > 0);
        return used < bytes.size();
    }

    void add_lines(Batch& batch) {
        const timespec now = wall_clock();
        std::string_view rest(bytes.data(), used);
        for (std::size_t end = rest.find('\n'); end != std::string_view::npos;
             end = rest.find('\n')) {
            batch.add(rest.substr(0, end), now);
            rest.remove_prefix(end + 1);
        }
        std::memmove(bytes.data(), rest.data(), rest.size());
        used = rest.size();
    }
};

[[noreturn]] void receive_streams(const Options& options, const Fd& listener) {
    const Fd epoll = epoll_of(listener.get());
    const TlsContext tls = tls_context(options);
    Batch batch(options.sink_port);
    std::map<int, Stream> streams;
    std::array<epoll_event, 64> events{};
    for (;;) {
        const int count = epoll_wait(epoll.get(), events.data(), events.size(), wait_ms);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener.get()) {
                Fd accepted(must(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
                const int key = accepted.get();
                epoll_event event{.events = EPOLLIN, .data = {.fd = key}};
                must(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, key, &event), "epoll_ctl");
                Stream stream{.fd = std::move(accepted)};
                if (tls) {
                    stream.begin_tls(tls.get());
                }
                streams.insert_or_assign(key, std::move(stream));
            } else if (!streams.at(fd).read_into(batch)) {
                streams.erase(fd);
            }
        }
        batch.push_when_due();
    }
}

void run(const Options& options) {
    const bool datagrams = options.transport == "udp";
    const sockaddr_in address = address_of("127.0.0.1", options.port);
    std::vector<Fd> sockets;
    std::vector<std::jthread> threads;  // ends before the sockets that they read
    for (std::size_t i = 0; i < options.threads; ++i) {
        sockets.push_back(bound(datagrams ? SOCK_DGRAM : SOCK_STREAM, address, true));
        if (datagrams) {
            set_option(sockets.back().get(), SOL_SOCKET, SO_RCVBUFFORCE,
                       options.receive_buffer_bytes);
        }
    }
    for (const Fd& socket : sockets) {
        threads.emplace_back(datagrams ? receive_datagrams : receive_streams, std::cref(options),
                             std::cref(socket));
    }
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
    CLI::App app{"Receives, compresses and pushes, and nothing else."};
    weir::bench::Options options;
    app.add_option("--transport", options.transport)->check(CLI::IsMember({"udp", "tcp", "tls"}));
    app.add_option("--port", options.port)->required();
    app.add_option("--sink-port", options.sink_port)->required();
    app.add_option("--certificate", options.certificate, "PEM file (tls)");
    app.add_option("--key", options.key, "PEM file (tls)");
    app.add_option("--threads", options.threads)->check(CLI::Range(1, 64));
    app.add_option("--receive-buffer-bytes", options.receive_buffer_bytes);
    app.add_option("--coalesce-us", options.coalesce_us, "Pause before every drain (udp)");
    CLI11_PARSE(app, argc, argv);
    weir::bench::run(options);
}
