// Telemetry over UDP: a datagram is a message, behind a header or bare.
#include "receivers/mdt_datagrams.h"

#include "receivers/udp_listener.h"
#include "tests/receivers/mdt_fixture.h"

#include <boost/asio/ip/udp.hpp>

namespace weir {
namespace {

using namespace std::string_literals;

TEST(MdtDatagrams, TakesMessagesWithAndWithoutAHeader) {
    boost::asio::io_context io;
    const SystemClock clock;
    EventRecorder events;
    MdtRecorder recorder;
    MdtDatagrams datagrams(recorder);
    Result<SocketGroup> group =
        open_socket_group({.address = *IpAddress::parse("127.0.0.1"), .sockets = 1});
    ASSERT_TRUE(group) << group.error().message;
    UdpListener listener(io, std::move(group->sockets[0]),
                         {.name = "mdt", .limits = {.message_bytes_max = 2000}, .text = false},
                         datagrams, clock, events);
    boost::asio::ip::udp::socket device(io, boost::asio::ip::udp::v4());
    const auto send = [&](const std::string& bytes) {
        device.send_to(boost::asio::buffer(bytes),
                       {boost::asio::ip::address_v4::loopback(), group->port});
    };
    send("\x0a\x02s1\n\n"s);  // bytes that are line ends in text
    send(mdt_tcp_frame("{}", 2));
    send(mdt_tcp_frame("", 1, 2));                   // a heartbeat
    send(mdt_tcp_frame("cut short").substr(0, 15));  // less than its header says
    send(std::string(3000, 'x'));                    // more than message_bytes_max
    listener.start();
    for (int i = 0; i < 100 && recorder.counted().received.value() < 4; ++i) {
        io.run_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(recorder.texts(), (std::vector{"\x0a\x02s1\n\n"s, "{}"s}));
    EXPECT_EQ(recorder.messages()[0].body, MdtBody::any);
    EXPECT_EQ(recorder.messages()[1].body, MdtBody::json);
    EXPECT_EQ(recorder.rejected(RejectReason::bad_frame), 1U);
    EXPECT_EQ(recorder.rejected(RejectReason::oversize), 1U);
    EXPECT_EQ(recorder.counted().received.value(), 4U);
    recorder.allowed = false;
    send("not allowed");
    io.restart();
    for (int i = 0; i < 100 && recorder.counted().received.value() < 5; ++i) {
        io.run_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(recorder.rejected(RejectReason::not_allowed), 1U);
    EXPECT_TRUE(recorder.balances());
    EXPECT_EQ(recorder.count(), 2U);
    listener.stop();
}

}  // namespace
}  // namespace weir
