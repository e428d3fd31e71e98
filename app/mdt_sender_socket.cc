#include "app/mdt_sender.h"
#include "app/mdt_writer.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace weir {

namespace {

using Clock = std::chrono::steady_clock;

// Resource. Closes a socket.
class Socket {
  public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}

    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

    Socket& operator=(Socket&&) = delete;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    ~Socket() { reset(); }

    void reset() {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
        }
    }

    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

// Value. Where messages go.
struct Target {
    sockaddr_storage address{};
    socklen_t length = 0;
};

Result<Target> resolve(const MdtSenderOptions& options) {
    addrinfo hints{};
    hints.ai_socktype = options.transport == MdtTransport::udp ? SOCK_DGRAM : SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(options.host.c_str(), options.port.c_str(), &hints, &found);
    if (error != 0) {
        return fail(fmt::format("{}: {}", options.host, gai_strerror(error)));
    }
    Target target;
    std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    target.length = found->ai_addrlen;
    freeaddrinfo(found);
    return target;
}

// Resource. One device's socket, and what of its last message is still to be written.
struct Session {
    Socket socket;
    bool connected = false;
    bool failed = false;
    bool ended = false;  // the receiver has ended it too
    std::string unsent;
    std::size_t sent_bytes = 0;
};

class SocketSender final : public MdtSender {
  public:
    explicit SocketSender(const MdtSenderOptions& options) : options_(options) {}

    [[nodiscard]] Result<bool> open(const Target& target, std::optional<in_addr> source) {
        sessions_.reserve(options_.devices);
        for (std::uint32_t device = 0; device < options_.devices; ++device) {
            const int type = is_udp() ? SOCK_DGRAM : SOCK_STREAM | SOCK_NONBLOCK;
            Socket socket(::socket(target.address.ss_family, type | SOCK_CLOEXEC, 0));
            if (socket.get() < 0) {
                return fail(fmt::format("socket {}: {}", device, std::strerror(errno)));
            }
            if (source) {
                sockaddr_in from{};
                from.sin_family = AF_INET;
                from.sin_addr.s_addr = htonl(ntohl(source->s_addr) + device);
                if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) !=
                    0) {
                    return fail(fmt::format("source {}: {}", device, std::strerror(errno)));
                }
            }
            const int status = ::connect(
                socket.get(), reinterpret_cast<const sockaddr*>(&target.address), target.length);
            sessions_.push_back({.socket = std::move(socket), .connected = status == 0});
            counts_.sessions_opened += status == 0 ? 1 : 0;
            if (status != 0 && errno != EINPROGRESS) {
                note_failure(sessions_.back(), errno);
            }
        }
        return true;
    }

    [[nodiscard]] bool ready(std::uint32_t device) const override {
        const Session& session = sessions_[device];
        return session.connected && !session.failed && session.unsent.empty();
    }

    [[nodiscard]] bool failed(std::uint32_t device) const override {
        return sessions_[device].failed;
    }

    void send(std::uint32_t device, std::string_view message, TelemetryEncoding encoding) override {
        Session& session = sessions_[device];
        ++counts_.messages;
        counts_.bytes += message.size();
        if (!is_udp() || options_.datagram_header) {
            append_mdt_header(encoding, message.size(), session.unsent);
        }
        session.unsent += message;
        if (is_udp()) {
            send_datagram(session);
        } else {
            flush(session);
        }
    }

    void wait(std::chrono::milliseconds at_most) override {
        std::vector<pollfd> asked;
        std::vector<Session*> of;
        for (Session& session : sessions_) {
            if (session.failed || session.ended) {
                continue;
            }
            const bool wants_to_write = !session.connected || !session.unsent.empty();
            asked.push_back(
                {.fd = session.socket.get(),
                 .events = static_cast<short>(wants_to_write ? POLLOUT | POLLIN : POLLIN)});
            of.push_back(&session);
        }
        if (::poll(asked.data(), asked.size(), static_cast<int>(at_most.count())) <= 0) {
            return;
        }
        for (std::size_t i = 0; i < asked.size(); ++i) {
            if (asked[i].revents != 0) {
                take(*of[i], asked[i].revents);
            }
        }
    }

    [[nodiscard]] bool finish(std::chrono::milliseconds at_most) override {
        if (is_udp()) {
            return true;
        }
        const auto deadline = Clock::now() + at_most;
        ending_ = true;
        for (Session& session : sessions_) {
            end_if_sent(session);
        }
        while (Clock::now() < deadline) {
            bool open = false;
            for (const Session& session : sessions_) {
                open = open || (!session.failed && !session.ended);
            }
            if (!open) {
                return true;
            }
            wait(std::chrono::milliseconds(100));
        }
        return false;
    }

    [[nodiscard]] const MdtSenderCounts& counts() const override { return counts_; }

  private:
    [[nodiscard]] bool is_udp() const { return options_.transport == MdtTransport::udp; }

    void note_failure(Session& session, int error) {
        session.failed = true;
        session.socket.reset();
        ++counts_.sessions_failed;
        if (counts_.first_error.empty()) {
            counts_.first_error = error == 0 ? "the receiver closed it" : std::strerror(error);
        }
    }

    void send_datagram(Session& session) {
        if (::send(session.socket.get(), session.unsent.data(), session.unsent.size(), 0) < 0) {
            ++counts_.refused;
            if (counts_.first_error.empty()) {
                counts_.first_error = std::strerror(errno);
            }
        }
        session.unsent.clear();
    }

    void flush(Session& session) {
        while (session.sent_bytes < session.unsent.size()) {
            const ssize_t sent =
                ::send(session.socket.get(), session.unsent.data() + session.sent_bytes,
                       session.unsent.size() - session.sent_bytes, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
                return;
            }
            if (sent < 0) {
                note_failure(session, errno);
                return;
            }
            session.sent_bytes += static_cast<std::size_t>(sent);
        }
        session.unsent.clear();
        session.sent_bytes = 0;
        end_if_sent(session);
    }

    void end_if_sent(Session& session) {
        if (ending_ && session.connected && !session.failed && session.unsent.empty()) {
            ::shutdown(session.socket.get(), SHUT_WR);
        }
    }

    void take(Session& session, short events) {
        if (!session.connected && (events & (POLLOUT | POLLERR | POLLHUP)) != 0) {
            int error = 0;
            socklen_t size = sizeof(error);
            ::getsockopt(session.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) {
                note_failure(session, error);
                return;
            }
            session.connected = true;
            ++counts_.sessions_opened;
            end_if_sent(session);
        }
        if ((events & (POLLIN | POLLERR | POLLHUP)) != 0) {
            char discarded[512];
            const ssize_t got =
                ::recv(session.socket.get(), discarded, sizeof(discarded), MSG_DONTWAIT);
            if (got == 0 && ending_ && session.unsent.empty()) {
                session.ended = true;
                return;
            }
            if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
                note_failure(session, got == 0 ? 0 : errno);
                return;
            }
        }
        if ((events & POLLOUT) != 0) {
            flush(session);
        }
    }

    const MdtSenderOptions options_;
    std::vector<Session> sessions_;
    bool ending_ = false;
    MdtSenderCounts counts_;
};

}  // namespace

Result<std::unique_ptr<MdtSender>> make_mdt_socket_sender(const MdtSenderOptions& options) {
    const auto target = resolve(options);
    if (!target) {
        return fail(target.error().message);
    }
    std::optional<in_addr> source;
    if (!options.source.empty()) {
        source.emplace();
        if (::inet_pton(AF_INET, options.source.c_str(), &*source) != 1) {
            return fail(fmt::format("\"{}\" is no IPv4 address", options.source));
        }
    }
    auto sender = std::make_unique<SocketSender>(options);
    if (const auto opened = sender->open(*target, source); !opened) {
        return fail(opened.error().message);
    }
    return sender;
}

Result<std::unique_ptr<MdtSender>> make_mdt_sender(const MdtSenderOptions& options) {
    return options.transport == MdtTransport::grpc ? make_mdt_grpc_sender(options)
                                                   : make_mdt_socket_sender(options);
}

}  // namespace weir
