// A cheap HTTP server that takes what the receivers under test push, and counts the lines by their
// marks. Bodies are Loki's push protocol (snappy), or anything that holds the lines as text; or
// Prometheus remote write, known by its header, of which it counts samples. It answers 204 to
// everything. A second port is for the driver: GET /stats, GET /samples, POST /reset,
// POST /dead?SECONDS, which closes the data port and every connection to it for so long,
// GET /within?FIRST,LAST for how many numbers of a range have come, GET /missing?FIRST,LAST for
// those that have not, and GET /devices for whose streams they came in (only with --devices-below).
#include "bench/peers/device_tally.h"
#include "bench/peers/net.h"
#include "bench/peers/sample_tally.h"
#include "bench/peers/tally.h"

#include <CLI/CLI.hpp>
#include <snappy.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/epoll.h>

namespace weir::bench {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t request_bytes_max = 64 * 1024 * 1024;

struct Request {
    std::string_view target;  // "POST /path"
    std::size_t head_bytes = 0;
    std::size_t body_bytes = 0;
    bool snappy = false;
    bool remote_write = false;
    bool expects_continue = false;
};

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
}

// The head of a request, once all of it is there; a body without a length reads as empty.
std::optional<Request> read_head(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    Request request;
    request.target = bytes.substr(0, bytes.find(" HTTP/"));
    request.head_bytes = end + 4;
    const std::string head = lower(bytes.substr(0, end));
    constexpr std::string_view length = "\r\ncontent-length:";
    if (std::size_t at = head.find(length); at != std::string::npos) {
        at = head.find_first_not_of(' ', at + length.size());
        std::from_chars(head.data() + at, head.data() + head.size(), request.body_bytes);
    }
    request.snappy = head.find("application/x-protobuf") != std::string::npos;
    request.remote_write = head.find("x-prometheus-remote-write-version") != std::string::npos;
    request.expects_continue = head.find("100-continue") != std::string::npos;
    return request;
}

struct Connection {
    Fd fd;
    bool control = false;
    bool continued = false;  // 100 was sent for the request being read
    std::string in;
    std::size_t used = 0;
};

class Sink {
  public:
    Sink(std::uint16_t port, std::uint16_t control_port, std::uint64_t devices_below)
        : address_(address_of("127.0.0.1", port)),
          epoll_(must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          control_(bound(SOCK_STREAM, address_of("127.0.0.1", control_port))),
          devices_(devices_below) {
        watch(control_.get());
        open();
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 64> events{};
        for (;;) {
            const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 100);
            for (int i = 0; i < count; ++i) {
                serve(events[static_cast<std::size_t>(i)].data.fd);
            }
            if (dead_until_us_ != 0 && monotonic_us() >= dead_until_us_) {
                open();
            }
        }
    }

  private:
    void open() {
        dead_until_us_ = 0;
        data_ = bound(SOCK_STREAM, address_);
        watch(data_.get());
    }

    void die(std::uint64_t seconds) {
        dead_until_us_ = monotonic_us() + seconds * 1'000'000;
        data_.reset();
        std::erase_if(connections_, [](const auto& entry) { return !entry.second.control; });
    }

    void watch(int fd) const {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        must(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    void serve(int fd) {
        if (fd == data_.get() || fd == control_.get()) {
            accept_from(fd);
            return;
        }
        const auto found = connections_.find(fd);
        if (found != connections_.end() && !read_from(found->second)) {
            connections_.erase(fd);
        }
    }

    void accept_from(int listener) {
        Fd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        if (fd.get() < 0) {
            return;
        }
        set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
        watch(fd.get());
        const int key = fd.get();
        connections_.insert_or_assign(
            key, Connection{.fd = std::move(fd), .control = listener == control_.get()});
    }

    // Whether the connection goes on.
    bool read_from(Connection& connection) {
        if (connection.in.size() < connection.used + read_bytes) {
            connection.in.resize(connection.used + 2 * read_bytes);
        }
        const ssize_t got = recv(connection.fd.get(), connection.in.data() + connection.used,
                                 connection.in.size() - connection.used, MSG_DONTWAIT);
        if (got < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        connection.used += static_cast<std::size_t>(got);
        return got > 0 && answer_all(connection);
    }

    bool answer_all(Connection& connection) {
        for (;;) {
            const std::string_view bytes(connection.in.data(), connection.used);
            const auto request = read_head(bytes);
            if (!request) {
                return connection.used < request_bytes_max;
            }
            const std::size_t whole = request->head_bytes + request->body_bytes;
            if (request->expects_continue && !std::exchange(connection.continued, true)) {
                reply(connection, "HTTP/1.1 100 Continue\r\n\r\n");
            }
            if (bytes.size() < whole) {
                return whole < request_bytes_max;
            }
            answer(connection, *request, bytes.substr(request->head_bytes, request->body_bytes));
            // A control request may have closed other connections, never this one.
            connection.in.erase(0, whole);
            connection.used -= whole;
            connection.continued = false;
        }
    }

    void answer(Connection& connection, const Request& request, std::string_view body) {
        if (!connection.control) {
            take(request, body);
            reply(connection, "HTTP/1.1 204 No Content\r\n\r\n");
            return;
        }
        constexpr std::string_view dead = "POST /dead?";
        if (request.target == "POST /reset") {
            tally_ = {};
            samples_ = {};
        } else if (request.target.starts_with(dead)) {
            std::uint64_t seconds = 0;
            const auto text = request.target.substr(dead.size());
            std::from_chars(text.data(), text.data() + text.size(), seconds);
            die(seconds);
        }
        const std::string json = answer_to(request.target);
        reply(connection, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n"
                                      "Content-Type: application/json\r\n\r\n{}",
                                      json.size(), json));
    }

    [[nodiscard]] std::string answer_to(std::string_view target) const {
        constexpr std::string_view within = "GET /within?";
        constexpr std::string_view missing = "GET /missing?";
        if (target == "GET /samples") {
            return samples_.json();
        }
        if (target == "GET /devices") {
            return devices_.json();
        }
        if (target.starts_with(within)) {
            const auto [first, last] = read_range(target.substr(within.size()));
            return fmt::format(R"({{"distinct":{}}})", tally_.distinct_within(first, last));
        }
        if (target.starts_with(missing)) {
            const auto [first, last] = read_range(target.substr(missing.size()));
            return tally_.missing_within(first, last);
        }
        return tally_.json();
    }

    // "FIRST,LAST"
    static std::pair<std::uint64_t, std::uint64_t> read_range(std::string_view text) {
        std::pair<std::uint64_t, std::uint64_t> range;
        const char* end = text.data() + text.size();
        const char* comma = std::from_chars(text.data(), end, range.first).ptr;
        std::from_chars(std::min(comma + 1, end), end, range.second);
        return range;
    }

    void take(const Request& request, std::string_view body) {
        if (request.snappy) {
            if (!snappy::Uncompress(body.data(), body.size(), &plain_)) {
                std::fprintf(stderr, "a body that is not snappy\n");
                return;
            }
            body = plain_;
        }
        if (request.remote_write) {
            if (!samples_.count(body)) {
                std::fprintf(stderr, "a body that is not remote write\n");
            }
            return;
        }
        tally_.count(body, monotonic_us());
        devices_.count(body);
    }

    static void reply(const Connection& connection, std::string_view text) {
        if (send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
            std::fprintf(stderr, "answer not sent: %s\n", std::strerror(errno));
        }
    }

    sockaddr_in address_;
    Fd epoll_;
    Fd control_;
    Fd data_;
    std::map<int, Connection> connections_;
    std::uint64_t dead_until_us_ = 0;  // 0: alive
    Tally tally_;
    DeviceTally devices_;
    SampleTally samples_;
    std::string plain_;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
    CLI::App app{"A cheap HTTP sink that counts marked lines."};
    std::uint16_t port = 0;
    std::uint16_t control = 0;
    app.add_option("--port", port)->required();
    std::uint64_t devices_below = 0;
    app.add_option("--control", control)->required();
    app.add_option("--devices-below", devices_below, "look at the streams of smaller numbers");
    CLI11_PARSE(app, argc, argv);
    weir::bench::Sink(port, control, devices_below).run();
}
