#include "receivers/udp_listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

namespace weir {

namespace {

constexpr std::size_t slots_count = 64;  // datagrams in one recvmmsg
constexpr int rounds_per_wake = 16;      // then other sockets of the thread get their turn
constexpr std::size_t datagram_bytes_max = 65535;
constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(std::uint32_t));

// Senders end datagrams with what they would end a line with; none of it is message.
std::string_view without_line_end(std::string_view datagram) {
    while (!datagram.empty() &&
           (datagram.back() == '\n' || datagram.back() == '\r' || datagram.back() == '\0')) {
        datagram.remove_suffix(1);
    }
    return datagram;
}

}  // namespace

// The text of a slot is only touched by the kernel, so a slot that only ever sees short datagrams
// costs the pages it used, not its size.
struct UdpListener::Slots {
    explicit Slots(std::size_t bytes)
        : slot_bytes(bytes), text(std::make_unique_for_overwrite<char[]>(bytes * slots_count)) {
        for (std::size_t i = 0; i < slots_count; ++i) {
            vectors[i] = {.iov_base = text.get() + i * bytes, .iov_len = bytes};
            headers[i].msg_hdr.msg_name = &peers[i];
            headers[i].msg_hdr.msg_iov = &vectors[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_control = controls[i].data();
        }
    }

    void reset() {
        for (auto& header : headers) {
            header.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
            header.msg_hdr.msg_controllen = control_bytes;
        }
    }

    std::size_t slot_bytes;
    std::unique_ptr<char[]> text;
    std::array<mmsghdr, slots_count> headers{};
    std::array<iovec, slots_count> vectors{};
    std::array<sockaddr_in6, slots_count> peers{};
    std::array<std::array<char, control_bytes>, slots_count> controls{};
};

UdpListener::UdpListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                         FrameSink& sink, const Clock& clock, EventSink& events)
    : socket_(io, socket.release()),
      options_(std::move(options)),
      sink_(sink),
      clock_(clock),
      events_(events) {
    set_limits(options_.limits);
}

UdpListener::~UdpListener() = default;

void UdpListener::set_limits(UdpLimits limits) {
    options_.limits = limits;
    const std::size_t bytes = std::min(limits.message_bytes_max, datagram_bytes_max);
    if (!slots_ || slots_->slot_bytes != bytes) {
        slots_ = std::make_unique<Slots>(bytes);
    }
}

void UdpListener::start() {
    wait();
}

void UdpListener::wait() {
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (error || stopped_) {
                               return;
                           }
                           drain(rounds_per_wake);
                           wait();
                       });
}

bool UdpListener::drain(int rounds_max) {
    if (stopped_) {
        return true;
    }
    sink_.begin_run();
    for (int round = 0; round < rounds_max; ++round) {
        if (receive_round() < static_cast<int>(slots_count)) {
            return true;
        }
    }
    sink_.note_backlog(backlog_percent());
    return false;
}

unsigned UdpListener::backlog_percent() {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t length = sizeof memory;
    if (getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0 ||
        memory[SK_MEMINFO_RCVBUF] == 0) {
        return 0;
    }
    return static_cast<unsigned>(std::uint64_t{memory[SK_MEMINFO_RMEM_ALLOC]} * 100 /
                                 memory[SK_MEMINFO_RCVBUF]);
}

int UdpListener::receive_round() {
    slots_->reset();
    const int count = recvmmsg(socket_.native_handle(), slots_->headers.data(), slots_count,
                               MSG_DONTWAIT, nullptr);
    if (count < 0) {
        // ECONNREFUSED and the like are leftovers of ICMP and say nothing about our socket.
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNREFUSED) {
            events_.emit({EventId::receive_error, options_.name, std::strerror(errno)});
        }
        return 0;
    }
    const Timestamp now = clock_.now();
    for (int i = 0; i < count; ++i) {
        deliver(static_cast<std::size_t>(i), now);
    }
    if (count > 0) {
        msghdr& last = slots_->headers[static_cast<std::size_t>(count) - 1].msg_hdr;
        const cmsghdr* control = CMSG_FIRSTHDR(&last);
        if (control != nullptr && control->cmsg_level == SOL_SOCKET &&
            control->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t dropped = 0;
            std::memcpy(&dropped, CMSG_DATA(control), sizeof dropped);
            // The kernel counts in 32 bits and wraps.
            sink_.counters(options_.listener).kernel_dropped.add(dropped - kernel_dropped_);
            kernel_dropped_ = dropped;
        }
    }
    return count;
}

void UdpListener::deliver(std::size_t slot, Timestamp now) {
    const mmsghdr& header = slots_->headers[slot];
    const char* text = slots_->text.get() + slot * slots_->slot_bytes;
    const bool truncated = (header.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    if (truncated && options_.limits.oversize_drop) {
        sink_.reject(options_.listener, RejectReason::oversize);
        return;
    }
    const sockaddr_in6& peer = slots_->peers[slot];
    Frame frame{
        .bytes = without_line_end({text, header.msg_len}),
        .peer = {.address = IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&peer)),
                 .port = ntohs(peer.sin6_port)},  // same place in sockaddr_in
        .received_at = now};
    if (truncated) {
        frame.defects.add(Defect::truncated);
    }
    sink_.take(frame, options_.listener);
}

void UdpListener::stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace weir
