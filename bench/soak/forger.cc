// Sends marked syslog datagrams at a steady rate, each from the next of `--sources` addresses that
// follow `--from`, over IPv4 or IPv6. The addresses need not exist: the socket is transparent
// (IP_TRANSPARENT), and the source is chosen for each datagram (IP_PKTINFO). That takes
// CAP_NET_ADMIN, and a loopback device that accepts anything: run it in a network namespace of its
// own. Ends, at the latest on SIGTERM, with one line of JSON: how many were sent and in what time.
#include "bench/peers/mark.h"
#include "bench/peers/net.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <sys/prctl.h>

namespace weir::bench {
namespace {

constexpr std::uint64_t tick_ns = 200'000;
constexpr std::size_t run_max = 64;  // datagrams in one call

volatile std::sig_atomic_t stopped = 0;

struct Options {
    std::string to = "127.0.0.1";
    std::string from = "127.0.1.1";
    std::uint16_t port = 0;
    std::uint64_t sources = 1;
    std::uint64_t rate_per_s = 1000;
    double seconds = 5;
    std::uint64_t first_number = 0;
    std::string host = "forged";

    [[nodiscard]] bool ipv6() const { return to.find(':') != std::string::npos; }
};

// An address of either family in network order, IPv4 in the last four of the bytes; what counts up.
struct Source {
    std::array<unsigned char, 16> bytes{};

    explicit Source(const std::string& text) {
        const bool v6 = text.find(':') != std::string::npos;
        if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), v6 ? &bytes[0] : &bytes[12]) != 1) {
            errno = EINVAL;
            fail(text.c_str());
        }
    }

    // The address `n` further on, within the last 32 bits.
    [[nodiscard]] Source plus(std::uint64_t n) const {
        Source result = *this;
        std::uint32_t last = 0;
        std::memcpy(&last, &bytes[12], sizeof last);
        last = htonl(ntohl(last) + static_cast<std::uint32_t>(n));
        std::memcpy(&result.bytes[12], &last, sizeof last);
        return result;
    }
};

// Resource: the socket and one run of datagrams with room for their marks and sources.
class Forger {
  public:
    explicit Forger(const Options& options) : options_(options), first_(options.from) {
        const bool v6 = options.ipv6();
        fd_ = Fd(must(socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        set_option(fd_.get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                   v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
        set_option(fd_.get(), SOL_SOCKET, SO_SNDBUF, 4 << 20);
        set_target();
        for (std::size_t i = 0; i < run_max; ++i) {
            prepare(i);
        }
    }

    // Sends `count` datagrams, at most run_max, numbered from `sent` on. Returns how many went.
    std::size_t send(std::size_t count, std::uint64_t sent) {
        const std::uint64_t now_us = monotonic_us();
        for (std::size_t i = 0; i < count; ++i) {
            char* number = texts_[i].data() + texts_[i].size() - number_digits - time_digits;
            write_digits(number, number_digits, options_.first_number + sent + i);
            write_digits(number + number_digits, time_digits, now_us);
            set_source(i, first_.plus((sent + i) % options_.sources));
        }
        for (;;) {
            const int done = sendmmsg(fd_.get(), headers_.data(), static_cast<unsigned>(count), 0);
            if (done >= 0) {
                return static_cast<std::size_t>(done);
            }
            // A closed port is told by the next call; a full queue passes.
            if (errno != ECONNREFUSED && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
                fail("sendmmsg");
            }
        }
    }

  private:
    union Control {
        cmsghdr align;
        std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
    };

    void set_target() {
        if (options_.ipv6()) {
            to6_.sin6_family = AF_INET6;
            to6_.sin6_port = htons(options_.port);
            inet_pton(AF_INET6, options_.to.c_str(), &to6_.sin6_addr);
        } else {
            to4_ = address_of(options_.to, options_.port);
        }
    }

    void prepare(std::size_t i) {
        texts_[i] = fmt::format(
            "<134>1 2026-01-01T00:00:00.{0:06}Z {1} soak {0} ID47 - session {0} of the service was "
            "opened by the operator, took 12 ms and moved 5120 bytes {2}{3}",
            i, options_.host, mark_begin, std::string(number_digits + time_digits, '0'));
        slices_[i] = {texts_[i].data(), texts_[i].size()};
        msghdr& header = headers_[i].msg_hdr;
        const bool v6 = options_.ipv6();
        header.msg_name = v6 ? static_cast<void*>(&to6_) : static_cast<void*>(&to4_);
        header.msg_namelen = v6 ? sizeof to6_ : sizeof to4_;
        header.msg_iov = &slices_[i];
        header.msg_iovlen = 1;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = CMSG_SPACE(v6 ? sizeof(in6_pktinfo) : sizeof(in_pktinfo));
        cmsghdr* control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
        control->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(v6 ? sizeof(in6_pktinfo) : sizeof(in_pktinfo));
    }

    void set_source(std::size_t i, const Source& source) {
        unsigned char* data = CMSG_DATA(CMSG_FIRSTHDR(&headers_[i].msg_hdr));
        if (options_.ipv6()) {
            in6_pktinfo info{};
            std::memcpy(&info.ipi6_addr, source.bytes.data(), sizeof info.ipi6_addr);
            std::memcpy(data, &info, sizeof info);
        } else {
            in_pktinfo info{};
            std::memcpy(&info.ipi_spec_dst, &source.bytes[12], sizeof info.ipi_spec_dst);
            std::memcpy(data, &info, sizeof info);
        }
    }

    const Options& options_;
    Source first_;
    Fd fd_;
    sockaddr_in to4_{};
    sockaddr_in6 to6_{};
    std::array<std::string, run_max> texts_;
    std::array<iovec, run_max> slices_{};
    std::array<mmsghdr, run_max> headers_{};
    std::array<Control, run_max> controls_{};
};

void run(const Options& options) {
    Forger forger(options);
    const std::uint64_t begin_us = monotonic_us();
    const auto total =
        static_cast<std::uint64_t>(static_cast<double>(options.rate_per_s) * options.seconds);
    std::uint64_t sent = 0;
    while (sent < total && stopped == 0) {
        const std::uint64_t due =
            std::min(total, (monotonic_us() - begin_us) * options.rate_per_s / 1'000'000);
        while (sent < due && stopped == 0) {
            sent += forger.send(std::min<std::uint64_t>(run_max, due - sent), sent);
        }
        const timespec pause{.tv_sec = 0, .tv_nsec = tick_ns};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    }
    fmt::print(R"({{"sent":{},"seconds":{:.3f}}})"
               "\n",
               sent, static_cast<double>(monotonic_us() - begin_us) / 1e6);
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
    CLI::App app{"Sends marked datagrams from addresses that need not exist."};
    weir::bench::Options options;
    app.add_option("--to", options.to);
    app.add_option("--port", options.port)->required();
    app.add_option("--from", options.from);
    app.add_option("--sources", options.sources)->check(CLI::Range(1, 1 << 24));
    app.add_option("--rate", options.rate_per_s)->check(CLI::Range(1, 10'000'000));
    app.add_option("--seconds", options.seconds);
    app.add_option("--first", options.first_number);
    app.add_option("--host", options.host);
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGTERM, [](int) { weir::bench::stopped = 1; });
    prctl(PR_SET_TIMERSLACK, 1);
    weir::bench::run(options);
}
