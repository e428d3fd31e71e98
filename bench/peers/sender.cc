// 64 devices (or as many as asked) that send syslog at a steady rate over UDP, TCP or TLS. Device n
// has the address 127.0.1.n and one dialect. Every 50 microseconds the next device sends what has
// become due since the last time, so arrivals are spread as far as the rate and the machine allow.
// Ends with one line of JSON: how many were sent, in what time, and with how much CPU.
#include "bench/peers/mark.h"
#include "bench/peers/net.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <vector>

namespace weir::bench {
namespace {

constexpr std::uint64_t tick_ns = 50'000;
constexpr std::uint64_t close_timeout_us = 60'000'000;
constexpr std::size_t run_max = 64;  // lines of one device in one go

struct Options {
    std::string transport = "udp";
    std::string shapes = "mixed";
    std::string framing = "lf";
    std::uint16_t port = 0;
    std::uint64_t rate_per_s = 20'000;
    double seconds = 5;
    std::size_t sources = 64;
    std::uint64_t first_number = 0;
};

std::string now_as(const char* format) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

// The text of one line of a device without its mark. Around 185 bytes each, so that lines with
// their marks are around 215. `{0}` is the device, `{1}` a number that changes with the line.
std::string line_text(const Options& options, std::size_t device, std::size_t line) {
    const std::string rfc3164 = now_as("%b %e %H:%M:%S");
    const std::string iso = now_as("%Y-%m-%dT%H:%M:%S");
    const std::size_t varied = line * 7919 + device * 104'729;
    const std::size_t shape = options.shapes == "mixed" ? device % 5 : 1;
    switch (shape) {
        case 0:
            return fmt::format(
                "<86>{2} edge-host-{0} sshd[{1}]: Accepted publickey for operator from 10.17.{0}.8 "
                "port {1} ssh2: ED25519 SHA256:Zk3v0cQm1n5b7T2uXe9Rr4yWq8sLd6Hf1aPj3oGiMtE key {1}",
                device, varied % 65'536, rfc3164);
        case 1:
            return fmt::format(
                "<165>1 {2}.{1:06}Z app-{0}.example.net inventory {1} ID47 [origin@32473 "
                "ip=\"10.9.{0}.1\" software=\"inventoryd\"] request {1} for unit {0} answered "
                "with status 200 after 12 ms, 5120 bytes",
                device, varied % 1'000'000, iso);
        case 2:
            return fmt::format(
                "<189>{1}: sw-access-{0}: {1:06}: {2}.413 UTC: %LINEPROTO-5-UPDOWN: Line protocol "
                "on Interface GigabitEthernet1/0/{0}, changed state to up, after {1} ms of "
                "carrier, flap count {1}, input errors 0",
                device, varied % 1'000'000, rfc3164);
        case 3:
            return fmt::format(
                "<166>{2} fw-edge-{0} : %ASA-6-302013: Built outbound TCP connection {1} for "
                "outside:203.0.113.{0}/443 (203.0.113.{0}/443) to inside:10.40.{0}.7/{1} "
                "(198.51.100.{0}/{1})",
                device, varied % 65'536, rfc3164);
        default:
            return fmt::format(
                "<134>{2}.{1:06}+00:00 NTNX-CVM-{0} api_audit: INFO  {2},742 "
                "clientType=External||userName=operator-{0}||NutanixApiVersion=1.0||"
                "httpMethod=GET||restEndpoint=/v1/vms/{1}||queryParams=",
                device, varied % 1'000'000, iso);
    }
}

// The lines of one device, ready to be sent: only the marks change.
class Lines {
  public:
    Lines(const Options& options, std::size_t device) {
        for (std::size_t i = 0; i < run_max; ++i) {
            std::string line = line_text(options, device, i) + ' ' + std::string(mark_begin) +
                               std::string(number_digits + time_digits, '0');
            if (options.transport != "udp") {
                const bool counted = options.framing == "octet";
                line = counted ? fmt::format("{} {}", line.size(), line) : line + '\n';
            }
            begins_.push_back(bytes_.size());
            bytes_ += line;
            const std::size_t after = options.transport != "udp" && options.framing != "octet";
            marks_.push_back(bytes_.size() - after - number_digits - time_digits);
        }
        begins_.push_back(bytes_.size());
    }

    // The first `count` lines, numbered from `number` on and sent at `now_us`.
    std::string_view stamp(std::size_t count, std::uint64_t number, std::uint64_t now_us) {
        std::array<char, time_digits> time{};
        write_digits(time.data(), time.size(), now_us);
        for (std::size_t i = 0; i < count; ++i) {
            write_digits(&bytes_[marks_[i]], number_digits, number + i);
            std::memcpy(&bytes_[marks_[i] + number_digits], time.data(), time.size());
        }
        return std::string_view(bytes_).substr(0, begins_[count]);
    }

    iovec line(std::size_t i) { return {&bytes_[begins_[i]], begins_[i + 1] - begins_[i]}; }

  private:
    std::string bytes_;
    std::vector<std::size_t> begins_;  // of each line, and the end
    std::vector<std::size_t> marks_;   // where each line's number stands
};

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }

    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// Resource: one device, with its socket and, for TLS, its session.
class Device {
  public:
    Device(const Options& options, SSL_CTX* tls, std::size_t number)
        : lines_(options, number),
          fd_(connected(options.transport == "udp" ? SOCK_DGRAM : SOCK_STREAM,
                        address_of(fmt::format("127.0.1.{}", number), 0),
                        address_of("127.0.0.1", options.port))),
          datagrams_(options.transport == "udp") {
        if (!datagrams_) {
            set_option(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
        }
        if (tls != nullptr) {
            ssl_.reset(SSL_new(tls));
            SSL_set_fd(ssl_.get(), fd_.get());
            if (SSL_connect(ssl_.get()) != 1) {
                fail("SSL_connect");
            }
        }
    }

    // Sends that many lines, waiting if a stream is not read.
    void send(std::size_t count, std::uint64_t number, std::uint64_t now_us) {
        const std::string_view bytes = lines_.stamp(count, number, now_us);
        if (datagrams_) {
            send_datagrams(count);
        } else if (ssl_) {
            if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
                fail("SSL_write");
            }
        } else if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
            fail("send");
        }
    }

    // Ends the stream in order. Closing a socket that holds unread bytes (a server's session
    // tickets) would reset the connection, and what the subject has not read yet would be lost.
    void finish_sending() {
        if (ssl_) {
            SSL_shutdown(ssl_.get());
        }
        if (!datagrams_) {
            shutdown(fd_.get(), SHUT_WR);
        }
    }

    // Waits until the subject has read all and closed its side, or until then.
    void finish(std::uint64_t deadline_us) {
        std::array<char, 4096> ignored{};
        while (!datagrams_ && monotonic_us() < deadline_us) {
            pollfd closed{.fd = fd_.get(), .events = POLLIN, .revents = 0};
            if (poll(&closed, 1, 100) > 0 &&
                recv(fd_.get(), ignored.data(), ignored.size(), 0) <= 0) {
                return;
            }
        }
    }

  private:
    void send_datagrams(std::size_t count) {
        std::array<mmsghdr, run_max> headers{};
        std::array<iovec, run_max> slices{};
        for (std::size_t i = 0; i < count; ++i) {
            slices[i] = lines_.line(i);
            headers[i].msg_hdr.msg_iov = &slices[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
        for (std::size_t sent = 0; sent < count;) {
            const int now =
                sendmmsg(fd_.get(), &headers[sent], static_cast<unsigned>(count - sent), 0);
            // What an earlier datagram met (the port was closed) is told by the next call: go on.
            sent += now > 0 ? static_cast<std::size_t>(now) : 1;
        }
    }

    Lines lines_;
    Fd fd_;
    bool datagrams_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
};

double cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void run(const Options& options) {
    std::unique_ptr<SSL_CTX, FreeSsl> tls;
    if (options.transport == "tls") {
        tls.reset(SSL_CTX_new(TLS_client_method()));
    }
    std::vector<Device> devices;
    devices.reserve(options.sources);
    for (std::size_t i = 1; i <= options.sources; ++i) {
        devices.emplace_back(options, tls.get(), i);
    }
    const double cpu_before_s = cpu_s();
    const std::uint64_t begin_us = monotonic_us();
    const auto total =
        static_cast<std::uint64_t>(static_cast<double>(options.rate_per_s) * options.seconds);
    std::uint64_t sent = 0;
    std::size_t next = 0;
    while (sent < total) {
        const std::uint64_t now_us = monotonic_us();
        const std::uint64_t due =
            std::min(total, (now_us - begin_us) * options.rate_per_s / 1'000'000);
        while (sent < due) {
            const std::size_t count = std::min<std::size_t>(run_max, due - sent);
            devices[next].send(count, options.first_number + sent, now_us);
            sent += count;
            next = next + 1 == devices.size() ? 0 : next + 1;
        }
        const timespec pause{.tv_sec = 0, .tv_nsec = tick_ns};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    }
    const double took_s = static_cast<double>(monotonic_us() - begin_us) / 1e6;
    fmt::print(R"({{"sent":{},"seconds":{:.3f},"cpu_s":{:.3f}}})"
               "\n",
               sent, took_s, cpu_s() - cpu_before_s);
    std::fflush(stdout);
    for (Device& device : devices) {
        device.finish_sending();
    }
    const std::uint64_t deadline_us = monotonic_us() + close_timeout_us;
    for (Device& device : devices) {
        device.finish(deadline_us);
    }
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
    CLI::App app{"Sends marked syslog lines at a rate."};
    weir::bench::Options options;
    app.add_option("--transport", options.transport)->check(CLI::IsMember({"udp", "tcp", "tls"}));
    app.add_option("--shapes", options.shapes)->check(CLI::IsMember({"mixed", "rfc5424"}));
    app.add_option("--framing", options.framing)->check(CLI::IsMember({"lf", "octet"}));
    app.add_option("--port", options.port)->required();
    app.add_option("--rate", options.rate_per_s)->check(CLI::Range(1, 10'000'000));
    app.add_option("--seconds", options.seconds);
    app.add_option("--sources", options.sources)->check(CLI::Range(1, 254));
    app.add_option("--first", options.first_number);
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    weir::bench::run(options);
}
