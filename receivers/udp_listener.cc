#include "receivers/udp_listener.h"

#include "parsers/proxy_header.h"

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
// What a datagram of a usual size takes of the receive buffer, with the kernel's own bookkeeping.
constexpr std::size_t datagram_buffer_bytes = 1024;
// Slots lie a few cache lines further apart than their size. A distance that is a power of two
// would put the beginnings of all of them into the same few sets of the caches.
constexpr std::size_t slot_stagger_bytes = 5 * 64;

// Senders end datagrams with what they would end a line with; none of it is message.
std::string_view without_line_end(std::string_view datagram) {
    while (!datagram.empty() &&
           (datagram.back() == '\n' || datagram.back() == '\r' || datagram.back() == '\0')) {
        datagram.remove_suffix(1);
    }
    return datagram;
}

// Takes the header off and puts the client in the proxy's place. False when there is no whole
// header of version 2, the only one for datagrams.
bool take_proxy_header(Frame& frame) {
    const ProxyHeader header = read_proxy_header(frame.bytes);
    if (header.verdict != ProxyVerdict::header || header.version != 2) {
        return false;
    }
    frame.bytes.remove_prefix(header.bytes);
    frame.peer = header.client.value_or(frame.peer);
    return true;
}

}  // namespace

// The text of a slot is only touched by the kernel, so a slot that only ever sees short datagrams
// costs the pages it used, not its size.
struct UdpListener::Slots {
    explicit Slots(std::size_t bytes)
        : slot_bytes(bytes),
          text(std::make_unique_for_overwrite<char[]>((bytes + slot_stagger_bytes) * slots_count)) {
        for (std::size_t i = 0; i < slots_count; ++i) {
            vectors[i] = {.iov_base = slot(i), .iov_len = bytes};
            headers[i].msg_hdr.msg_name = &peers[i];
            headers[i].msg_hdr.msg_iov = &vectors[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
    }

    [[nodiscard]] char* slot(std::size_t i) {
        return text.get() + i * (slot_bytes + slot_stagger_bytes);
    }

    void reset() {
        for (auto& header : headers) {
            header.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
        }
    }

    std::size_t slot_bytes;
    std::unique_ptr<char[]> text;
    std::array<mmsghdr, slots_count> headers{};
    std::array<iovec, slots_count> vectors{};
    std::array<sockaddr_in6, slots_count> peers{};
};

std::size_t UdpListener::slots_memory_bytes(std::size_t message_bytes_max) {
    const std::size_t slot = std::min(message_bytes_max, datagram_bytes_max) + slot_stagger_bytes;
    return sizeof(Slots) + slot * slots_count;
}

UdpListener::UdpListener(boost::asio::io_context& io, FileDescriptor socket, Options options,
                         FrameSink& sink, const Clock& clock, EventSink& events)
    : socket_(std::move(socket)),
      reader_(io, socket_.get(), clock,
              [this] {
                  const bool dry = drain(rounds_per_wake);
                  return PacedReader::Reading{.brought = drained_, .dry = dry};
              }),
      options_(std::move(options)),
      sink_(sink),
      clock_(clock),
      events_(events) {
    set_limits(options_.limits);
}

UdpListener::~UdpListener() = default;

void UdpListener::set_limits(UdpLimits limits) {
    options_.limits = limits;
    // At most a quarter of the receive buffer may come between two readings.
    reader_.set_options({.coalesce_ns = limits.coalesce_ns,
                         .room = options_.receive_buffer_bytes / 4 / datagram_buffer_bytes});
    const std::size_t bytes = std::min(limits.message_bytes_max, datagram_bytes_max);
    if (!slots_ || slots_->slot_bytes != bytes) {
        slots_ = std::make_unique<Slots>(bytes);
    }
}

void UdpListener::start() {
    reader_.start();
}

bool UdpListener::drain(int rounds_max) {
    drained_ = 0;
    if (stopped_) {
        return true;
    }
    sink_.begin_run();
    for (int round = 0; round < rounds_max; ++round) {
        const int count = receive_round();
        drained_ += static_cast<std::size_t>(count);
        if (count < static_cast<int>(slots_count)) {
            return true;
        }
    }
    tick();
    return false;
}

void UdpListener::tick() {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t length = sizeof memory;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) {
        return;
    }
    // The counter that SO_RXQ_OVFL would put beside every datagram, without waiting for the next
    // one to come through. The kernel counts in 32 bits and wraps.
    const std::uint32_t dropped = memory[SK_MEMINFO_DROPS];
    sink_.counters(options_.listener).kernel_dropped.add(dropped - kernel_dropped_);
    kernel_dropped_ = dropped;
    if (memory[SK_MEMINFO_RCVBUF] > 0) {
        sink_.note_backlog(static_cast<unsigned>(std::uint64_t{memory[SK_MEMINFO_RMEM_ALLOC]} *
                                                 100 / memory[SK_MEMINFO_RCVBUF]));
    }
}

int UdpListener::receive_round() {
    slots_->reset();
    const int count =
        recvmmsg(socket_.get(), slots_->headers.data(), slots_count, MSG_DONTWAIT, nullptr);
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
    return count;
}

void UdpListener::deliver(std::size_t slot, Timestamp now) {
    const mmsghdr& header = slots_->headers[slot];
    const char* text = slots_->slot(slot);
    const bool truncated = (header.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    if (truncated && options_.limits.oversize_drop) {
        sink_.reject(options_.listener, RejectReason::oversize);
        return;
    }
    const sockaddr_in6& peer = slots_->peers[slot];
    Frame frame{
        .bytes = {text, header.msg_len},
        .peer = {.address = IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&peer)),
                 .port = ntohs(peer.sin6_port)},  // same place in sockaddr_in
        .received_at = now};
    if (sink_.is_proxy(frame.peer, options_.listener) && !take_proxy_header(frame)) {
        sink_.reject(options_.listener, RejectReason::proxy_header);
        return;
    }
    if (options_.text) {
        frame.bytes = without_line_end(frame.bytes);
    }
    if (truncated) {
        frame.defects.add(Defect::truncated);
    }
    sink_.take(frame, options_.listener);
}

void UdpListener::stop() {
    if (stopped_) {
        return;
    }
    tick();
    stopped_ = true;
    reader_.stop();
    socket_ = FileDescriptor();
}

}  // namespace weir
