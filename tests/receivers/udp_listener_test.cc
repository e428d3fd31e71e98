#include "receivers/udp_listener.h"

#include "tests/receivers/recorder.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>

namespace weir {
namespace {

// Sends one datagram from `from` (any port) to `to`:port.
void send_datagram(const std::string& from, const std::string& to, std::uint16_t port,
                   std::string_view text) {
    const bool v6 = to.find(':') != std::string::npos;
    const FileDescriptor fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    sockaddr_in6 v6_to{.sin6_family = AF_INET6, .sin6_port = htons(port)};
    sockaddr_in v4_from{.sin_family = AF_INET};
    sockaddr_in v4_to{.sin_family = AF_INET, .sin_port = htons(port)};
    if (v6) {
        inet_pton(AF_INET6, to.c_str(), &v6_to.sin6_addr);
        ASSERT_GE(sendto(fd.get(), text.data(), text.size(), 0,
                         reinterpret_cast<const sockaddr*>(&v6_to), sizeof v6_to),
                  0);
        return;
    }
    inet_pton(AF_INET, from.c_str(), &v4_from.sin_addr);
    inet_pton(AF_INET, to.c_str(), &v4_to.sin_addr);
    ASSERT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&v4_from), sizeof v4_from), 0);
    ASSERT_GE(sendto(fd.get(), text.data(), text.size(), 0,
                     reinterpret_cast<const sockaddr*>(&v4_to), sizeof v4_to),
              0);
}

class UdpListenerTest : public ::testing::Test {
  protected:
    void open(std::size_t sockets, UdpLimits limits = {}, const char* address = "::") {
        Result<SocketGroup> group = open_socket_group({.address = *IpAddress::parse(address),
                                                       .datagram = true,
                                                       .sockets = sockets,
                                                       .receive_buffer_bytes = 1 << 20});
        ASSERT_TRUE(group) << group.error().message;
        port_ = group->port;
        for (std::size_t i = 0; i < sockets; ++i) {
            recorders_.push_back(std::make_unique<FrameRecorder>());
            listeners_.push_back(std::make_unique<UdpListener>(
                io_, std::move(group->sockets[i]),
                UdpListener::Options{.name = "test", .listener = 5, .limits = limits},
                *recorders_.back(), clock_, events_));
        }
    }

    void drain() {
        for (const auto& listener : listeners_) {
            EXPECT_TRUE(listener->drain(1000));
        }
    }

    boost::asio::io_context io_;
    SystemClock clock_;
    EventRecorder events_;
    std::vector<std::unique_ptr<FrameRecorder>> recorders_;
    std::vector<std::unique_ptr<UdpListener>> listeners_;
    std::uint16_t port_ = 0;
};

TEST_F(UdpListenerTest, TakesIpv4AndIpv6OnOneSocketAndStripsLineEnds) {
    open(1);
    send_datagram("127.0.0.9", "127.0.0.1", port_, "one\r\n");
    send_datagram("", "::1", port_, std::string_view("two\n\0", 5));
    send_datagram("127.0.0.9", "127.0.0.1", port_, "a\nb\n");
    send_datagram("127.0.0.9", "127.0.0.1", port_, "");
    drain();
    EXPECT_EQ(recorders_[0]->texts(), (std::vector<std::string>{"one", "two", "a\nb", ""}));
    EXPECT_EQ(recorders_[0]->frames[0].peer.address.to_string(), "127.0.0.9");
    EXPECT_EQ(recorders_[0]->frames[1].peer.address.to_string(), "::1");
    EXPECT_NE(recorders_[0]->frames[0].peer.port, 0);
    EXPECT_EQ(recorders_[0]->frames[0].listener, 5U);
}

TEST_F(UdpListenerTest, TruncatesAndSaysSo) {
    open(1, {.message_bytes_max = 10});
    send_datagram("127.0.0.1", "127.0.0.1", port_, "0123456789");
    send_datagram("127.0.0.1", "127.0.0.1", port_, "0123456789A");
    drain();
    ASSERT_EQ(recorders_[0]->frames.size(), 2U);
    EXPECT_FALSE(recorders_[0]->frames[0].defects.has(Defect::truncated));
    EXPECT_EQ(recorders_[0]->frames[1].bytes, "0123456789");
    EXPECT_TRUE(recorders_[0]->frames[1].defects.has(Defect::truncated));
}

TEST_F(UdpListenerTest, DropsOversizeWhenAskedTo) {
    open(1, {.message_bytes_max = 10, .oversize_drop = true});
    send_datagram("127.0.0.1", "127.0.0.1", port_, "0123456789A");
    send_datagram("127.0.0.1", "127.0.0.1", port_, "short");
    drain();
    EXPECT_EQ(recorders_[0]->texts(), std::vector<std::string>{"short"});
    EXPECT_EQ(recorders_[0]->rejected, std::vector{RejectReason::oversize});
}

TEST_F(UdpListenerTest, AProxyNamesItsClientInEveryDatagram) {
    using namespace std::string_literals;
    open(1);
    recorders_[0]->proxy = *Prefix::parse("127.0.0.9");
    const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
    const std::string client = "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x02\x02"s;
    const std::string proxied = signature + "\x21\x12\0\x0c"s + client + "<13>proxied\n";
    const auto send = [this](const std::string& from, const std::string& text) {
        send_datagram(from, "127.0.0.1", port_, text);
    };
    send("127.0.0.9", proxied);
    send("127.0.0.9", signature + "\x20\0\0\0<13>local"s);
    send("127.0.0.9", signature + "\x20\0\0\0"s);  // a health check: an empty message
    send("127.0.0.9", "<13>bare");
    send("127.0.0.9", "");
    send("127.0.0.9", proxied.substr(0, 27));
    send("127.0.0.9", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\n<13>version 1");
    send("127.0.0.8", proxied);  // not a proxy: what it sends is text
    drain();
    EXPECT_EQ(recorders_[0]->texts(),
              (std::vector<std::string>{"<13>proxied", "<13>local", "",
                                        proxied.substr(0, proxied.size() - 1)}));
    EXPECT_EQ(recorders_[0]->rejected, std::vector(4, RejectReason::proxy_header));
    EXPECT_EQ(recorders_[0]->frames[0].peer.address.to_string(), "192.0.2.1");
    EXPECT_EQ(recorders_[0]->frames[0].peer.port, 56324);
    EXPECT_EQ(recorders_[0]->frames[1].peer.address.to_string(), "127.0.0.9");
    EXPECT_EQ(recorders_[0]->frames[3].peer.address.to_string(), "127.0.0.8");
}

TEST_F(UdpListenerTest, LimitsChangeWithoutReopening) {
    open(1, {.message_bytes_max = 10});
    listeners_[0]->set_limits({.message_bytes_max = 20});
    send_datagram("127.0.0.1", "127.0.0.1", port_, "0123456789A");
    drain();
    EXPECT_EQ(recorders_[0]->texts(), std::vector<std::string>{"0123456789A"});
}

TEST_F(UdpListenerTest, OneSourceStaysOnOneSocketAndManySpread) {
    open(4);
    for (int source = 1; source <= 64; ++source) {
        for (int i = 0; i < 3; ++i) {  // another source port each time
            const std::string from = "127.0.7." + std::to_string(source);
            send_datagram(from, "127.0.0.1", port_, from);
        }
    }
    drain();
    std::set<std::string> seen;
    std::size_t frames = 0;
    for (const auto& recorder : recorders_) {
        std::set<std::string> here;
        for (const RecordedFrame& frame : recorder->frames) {
            here.insert(frame.bytes);
        }
        EXPECT_GE(here.size(), 4U) << "a socket got nearly nothing of 64 sources";
        for (const std::string& source : here) {
            EXPECT_TRUE(seen.insert(source).second) << source << " came on two sockets";
        }
        frames += recorder->frames.size();
    }
    EXPECT_EQ(frames, 192U);
    EXPECT_EQ(seen.size(), 64U);
}

TEST_F(UdpListenerTest, SteeringIgnoresThePortOnIpv6Too) {
    open(4);
    for (int i = 0; i < 32; ++i) {
        send_datagram("", "::1", port_, "x");
    }
    drain();
    int sockets_used = 0;
    for (const auto& recorder : recorders_) {
        sockets_used += recorder->frames.empty() ? 0 : 1;
    }
    EXPECT_EQ(sockets_used, 1);
}

TEST_F(UdpListenerTest, CountsWhatTheKernelDropped) {
    Result<SocketGroup> group = open_socket_group({.address = *IpAddress::parse("127.0.0.1"),
                                                   .datagram = true,
                                                   .sockets = 1,
                                                   .receive_buffer_bytes = 4096});
    ASSERT_TRUE(group);
    FrameRecorder recorder;
    UdpListener listener(io_, std::move(group->sockets[0]), {.name = "small"}, recorder, clock_,
                         events_);
    const std::string text(1000, 'x');
    for (int i = 0; i < 200; ++i) {
        send_datagram("127.0.0.1", "127.0.0.1", group->port, text);
    }
    listener.drain(1000);
    listener.tick();
    const std::uint64_t dropped = recorder.counters(0).kernel_dropped.value();
    EXPECT_GT(dropped, 0U);
    EXPECT_EQ(dropped + recorder.frames.size(), 200U);
    listener.tick();
    EXPECT_EQ(recorder.counters(0).kernel_dropped.value(), dropped);  // counted once
}

TEST_F(UdpListenerTest, ABurstIsReadAtIntervalsAndALoneDatagramAtOnce) {
    open(1);
    UdpListener& listener = *listeners_[0];
    const auto run_until = [this](const auto& done) {
        for (int i = 0; i < 5000 && !done(); ++i) {
            io_.restart();
            io_.run_for(std::chrono::milliseconds(1));
        }
        return done();
    };
    listener.start();
    send_datagram("127.0.0.1", "127.0.0.1", port_, "lone");
    EXPECT_TRUE(run_until([&] { return recorders_[0]->frames.size() == 1; }));
    EXPECT_FALSE(listener.is_pacing());
    for (int i = 0; i < 50; ++i) {
        send_datagram("127.0.0.1", "127.0.0.1", port_, "burst");
    }
    EXPECT_TRUE(run_until([&] { return recorders_[0]->frames.size() == 51; }));
    EXPECT_TRUE(listener.is_pacing());
    EXPECT_TRUE(run_until([&] { return !listener.is_pacing(); })) << "silence did not end it";
    send_datagram("127.0.0.1", "127.0.0.1", port_, "lone again");
    EXPECT_TRUE(run_until([&] { return recorders_[0]->frames.size() == 52; }));
    EXPECT_FALSE(listener.is_pacing());
    listener.stop();
}

TEST_F(UdpListenerTest, WithoutCoalescingTheSocketIsAlwaysWatched) {
    open(1, {.coalesce_ns = 0});
    UdpListener& listener = *listeners_[0];
    listener.start();
    for (int i = 0; i < 200; ++i) {
        send_datagram("127.0.0.1", "127.0.0.1", port_, "burst");
    }
    for (int i = 0; i < 5000 && recorders_[0]->frames.size() < 200; ++i) {
        io_.restart();
        io_.run_for(std::chrono::milliseconds(1));
        EXPECT_FALSE(listener.is_pacing());
    }
    EXPECT_EQ(recorders_[0]->frames.size(), 200U);
    listener.stop();
}

TEST_F(UdpListenerTest, DatagramsThatComeWhileStoppedWatchingAreNotLost) {
    open(1);
    UdpListener& listener = *listeners_[0];
    listener.start();
    std::size_t sent = 0;
    for (int round = 0; round < 60; ++round) {  // in and out of pacing
        for (int i = 0; i < (round % 3) * 8 + 1; ++i) {
            send_datagram("127.0.0.1", "127.0.0.1", port_, "x");
            ++sent;
        }
        io_.restart();
        io_.run_for(std::chrono::milliseconds(round % 15));
    }
    for (int i = 0; i < 5000 && recorders_[0]->frames.size() < sent; ++i) {
        io_.restart();
        io_.run_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(recorders_[0]->frames.size(), sent);
    listener.stop();
}

TEST(SocketGroup, SaysWhyItCannotBind) {
    Result<SocketGroup> first = open_socket_group(
        {.address = *IpAddress::parse("127.0.0.1"), .datagram = false, .sockets = 1});
    ASSERT_TRUE(first);
    // Another weir's group on the same port is refused, although SO_REUSEPORT would let it in.
    for (const bool datagram : {true, false}) {
        const SocketGroupOptions options{
            .address = *IpAddress::parse("127.0.0.1"), .datagram = datagram, .sockets = 2};
        const Result<SocketGroup> held = open_socket_group(options);
        ASSERT_TRUE(held);
        SocketGroupOptions same = options;
        same.port = held->port;
        const Result<SocketGroup> second = open_socket_group(same);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().message, "bind: Address already in use");
    }
    const Result<SocketGroup> foreign =
        open_socket_group({.address = *IpAddress::parse("192.0.2.1"), .port = 0});
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().message, "bind: Cannot assign requested address");
}

}  // namespace
}  // namespace weir
