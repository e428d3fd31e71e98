// One port for everything that dials out telemetry: what each kind of device sends arrives.
#include "receivers/mdt_first_bytes.h"
#include "receivers/mdt_inflate.h"
#include "tests/receivers/mdt_fixture.h"

namespace weir {
namespace {

using namespace std::string_literals;

class MdtListenerTest : public MdtFixture {};

TEST_F(MdtListenerTest, TakesGrpcInClear) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(device.write(mdt_args("two")));
    ASSERT_TRUE(wait_for_messages(2));
    const std::vector<RecordedTelemetry> messages = recorder_.messages();
    EXPECT_EQ(recorder_.texts(), (std::vector{"one"s, "two"s}));
    EXPECT_EQ(messages[0].peer.address.to_string(), "127.0.0.1");
    EXPECT_EQ(messages[0].body, MdtBody::any);
    EXPECT_NE(messages[0].session, 0U);
    EXPECT_EQ(messages[0].session, messages[1].session);
    EXPECT_EQ(recorder_.open_sessions(), 1U);
    ASSERT_TRUE(device.writes_done());
    EXPECT_TRUE(device.finish().ok());
    EXPECT_TRUE(wait_until([&] { return recorder_.open_sessions() == 0; }));
}

TEST_F(MdtListenerTest, TakesTcpFraming) {
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame("one") + mdt_tcp_frame("{}", 2) + mdt_tcp_frame("", 1, 2));
    ASSERT_TRUE(wait_for_messages(2));
    const std::vector<RecordedTelemetry> messages = recorder_.messages();
    EXPECT_EQ(recorder_.texts(), (std::vector{"one"s, "{}"s}));
    EXPECT_EQ(messages[0].body, MdtBody::gpb);
    EXPECT_EQ(messages[1].body, MdtBody::json);
    device.close();
    EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(MdtListenerTest, ThePlacesComeBackWithTheConnection) {
    open();
    {
        MdtClient device(port_);
        ASSERT_TRUE(device.call());
        ASSERT_TRUE(device.write(mdt_args("one")));
        ASSERT_TRUE(wait_for_messages(1));
        EXPECT_EQ(shared_.connections.open(), 1U);
    }
    EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(MdtListenerTest, TakesTheOldFramingAndOddCuts) {
    open();
    Socket device = connect();
    const std::string old = "\0\0\0\2\0\0\0\0\0\0\0\2{}"s;
    for (const char c : old + old) {
        send(device, std::string(1, c));
    }
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.messages()[0].body, MdtBody::json);
}

TEST_F(MdtListenerTest, GarbageIsRefusedWithItsBytes) {
    open();
    for (const std::string& garbage :
         {"GET / HTTP/1.1\r\n\r\n"s, "\0\0\0\0\0\0"s, "\0\3\0\1"s, "PRJ * HTTP/2.0"s, "\xff"s}) {
        Socket client = connect();
        send(client, garbage);
        EXPECT_TRUE(is_closed(client));
    }
    ASSERT_TRUE(wait_for_refused(RefusalReason::unknown_protocol, 5));
    const std::string details = events_.details(EventId::session_refused);
    EXPECT_NE(details.find("47 45 54 20 2f"), std::string::npos) << details;
    EXPECT_NE(details.find("(GET / HTTP"), std::string::npos) << details;
    EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(MdtListenerTest, FirstBytesMayComeSlowlyButNotForEver) {
    open({.limits = {.handshake_timeout_ns = ns_per_s}});
    Socket slow = connect();
    for (const char c : mdt_tcp_frame("x").substr(0, 3)) {
        send(slow, std::string(1, c));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    send(slow, mdt_tcp_frame("x").substr(3));
    EXPECT_TRUE(wait_for_messages(1));
    Socket stalled = connect();
    send(stalled, "PR");
    EXPECT_TRUE(is_closed(stalled));
    EXPECT_EQ(recorder_.refused(RefusalReason::handshake_timeout), 1U);
    Socket silent = connect();
    EXPECT_TRUE(is_closed(silent));
    EXPECT_EQ(recorder_.refused(RefusalReason::handshake_timeout), 2U);
}

TEST_F(MdtListenerTest, AHalfOfTheFirstBytesAndAnEndIsRefused) {
    open();
    Socket cut = connect();
    send(cut, "PR");
    cut.shutdown(Socket::shutdown_send);
    EXPECT_TRUE(is_closed(cut));
    EXPECT_TRUE(wait_for_refused(RefusalReason::unknown_protocol));
    connect().close();  // a health check
    EXPECT_TRUE(wait_for_connections(0));
    EXPECT_EQ(recorder_.refused(RefusalReason::unknown_protocol), 1U);
}

TEST_F(MdtListenerTest, AStreamOutOfStepEnds) {
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame("one") + "no header at all");
    EXPECT_TRUE(is_closed(device));
    EXPECT_EQ(recorder_.texts(), std::vector{"one"s});
    EXPECT_TRUE(wait_for_refused(RefusalReason::bad_framing));
    EXPECT_NE(events_.details(EventId::session_refused).find("out_of_step"), std::string::npos);
    Socket flagged = connect();
    send(flagged, "\0\1\0\1\0\1\0\7\0\0\0\1x"s);
    EXPECT_TRUE(is_closed(flagged));
    EXPECT_TRUE(wait_for_refused(RefusalReason::bad_framing, 2));
}

TEST_F(MdtListenerTest, LargeTcpMessagesAreTakenAndTooLargeOnesPassedOver) {
    open({.limits = {.message_bytes_max = 1 << 20}});
    Socket device = connect();
    const std::string large(1 << 20, 'x');
    send(device, mdt_tcp_frame(large) + mdt_tcp_frame(large + "x") + mdt_tcp_frame("after"));
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.texts(), (std::vector{large, "after"s}));
    EXPECT_EQ(recorder_.rejected(RejectReason::oversize), 1U);
}

TEST_F(MdtListenerTest, WithoutSessionBytesATcpMessageIsPassedOver) {
    shared_.streams.session_bytes.set_max(100 * 1024);
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame(std::string(1 << 20, 'x')) + mdt_tcp_frame("after"));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.texts(), std::vector{"after"s});
    EXPECT_EQ(recorder_.rejected(RejectReason::session_bytes), 1U);
}

TEST_F(MdtListenerTest, ATcpMessageThatIsCutIsRejected) {
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame("whole") + mdt_tcp_frame("cut").substr(0, 13));
    device.close();
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_TRUE(wait_for_rejected(RejectReason::bad_frame));
}

TEST_F(MdtListenerTest, PinnedToTcpOrToGrpc) {
    open({.framing = MdtFraming::tcp});
    Socket device = connect();
    send(device, mdt_tcp_frame("one"));
    EXPECT_TRUE(wait_for_messages(1));
    Socket grpc = connect();
    send(grpc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    EXPECT_TRUE(is_closed(grpc));
    EXPECT_TRUE(wait_for_refused(RefusalReason::unknown_protocol));
}

TEST_F(MdtListenerTest, GrpcOnlyRefusesTheFramingAndTlsWithoutACertificate) {
    open({.framing = MdtFraming::grpc});
    Socket framed = connect();
    send(framed, mdt_tcp_frame("one"));
    EXPECT_TRUE(is_closed(framed));
    Socket tls = connect();
    send(tls, "\x16\x03\x01"s);
    EXPECT_TRUE(is_closed(tls));
    EXPECT_TRUE(wait_for_refused(RefusalReason::unknown_protocol, 2));
    EXPECT_NE(events_.details(EventId::session_refused).find("no certificate"), std::string::npos);
}

TEST_F(MdtListenerTest, StrangersAreRefused) {
    recorder_.allowed = false;
    open();
    Socket client = connect();
    EXPECT_TRUE(is_closed(client));
    EXPECT_TRUE(wait_for_refused(RefusalReason::not_allowed));
}

TEST_F(MdtListenerTest, OneSourceHasItsPlacesAndNoMore) {
    open({.limits = {.connections_per_source_max = 2}});
    MdtClient first(port_);
    ASSERT_TRUE(first.call());
    Socket second = connect();
    ASSERT_TRUE(wait_for_connections(2));
    Socket third = connect();
    EXPECT_TRUE(is_closed(third));
    EXPECT_TRUE(wait_for_refused(RefusalReason::connections_per_source_max));
    Socket other = connect("127.0.0.2");
    send(other, mdt_tcp_frame("one"));
    EXPECT_TRUE(wait_for_messages(1));
}

TEST_F(MdtListenerTest, AtConnectionsMaxTheUnprovenGiveWay) {
    shared_.connections.set_max(2);
    open();
    MdtClient proven(port_);
    ASSERT_TRUE(proven.call());
    ASSERT_TRUE(proven.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    MdtClient idle(port_);
    ASSERT_TRUE(idle.call());
    ASSERT_TRUE(wait_until([&] { return recorder_.sessions() == 2; }));
    Socket next = connect();
    send(next, mdt_tcp_frame("two"));
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.refused(RefusalReason::evicted), 1U);
    EXPECT_FALSE(idle.finish().ok());
    Socket last = connect();  // both have proven themselves
    EXPECT_TRUE(is_closed(last));
    EXPECT_EQ(recorder_.refused(RefusalReason::connections_max), 1U);
    EXPECT_TRUE(proven.write(mdt_args("three")));
    EXPECT_TRUE(wait_for_messages(3));
}

TEST_F(MdtListenerTest, ProxyHeadersStandInFrontOfTheFraming) {
    recorder_.proxy = *Prefix::parse("127.0.0.9");
    open();
    Socket device = connect("127.0.0.9");
    send(device, "PROXY TCP6 2001:db8::7 2001:db8::1 1000 57000\r\n" + mdt_tcp_frame("one"));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.messages()[0].peer.address.to_string(), "2001:db8::7");
    Socket bare = connect("127.0.0.9");
    send(bare, mdt_tcp_frame("two"));
    EXPECT_TRUE(is_closed(bare));
    EXPECT_TRUE(wait_for_refused(RefusalReason::proxy_header));
}

TEST_F(MdtListenerTest, TcpIsNotReadWithoutRoom) {
    open();
    recorder_.room = false;
    Socket device = connect();
    send(device, mdt_tcp_frame("one"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    send(device, mdt_tcp_frame("two"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LE(recorder_.count(), 1U);
    recorder_.room = true;
    EXPECT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.counted().paused.value(), 1U);
}

TEST_F(MdtListenerTest, TheDrainDeliversWhatTheKernelHolds) {
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame("one"));
    ASSERT_TRUE(wait_for_messages(1));
    on_thread([&] {
        listener_->stop_accepting();
        send(device, mdt_tcp_frame("two") + mdt_tcp_frame("three"));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        listener_->stop();
    });
    stop();
    EXPECT_EQ(recorder_.texts(), (std::vector{"one"s, "two"s, "three"s}));
}

TEST(MdtFirstBytes, AreRecognisedAsSoonAsTheyCanBe) {
    const struct {
        std::string bytes;
        MdtProtocol protocol;
    } cases[] = {
        {"", MdtProtocol::need_more},         {"P", MdtProtocol::need_more},
        {"PRI", MdtProtocol::need_more},      {"PRI ", MdtProtocol::h2c},
        {"PROXY TCP4", MdtProtocol::unknown}, {"\x16", MdtProtocol::need_more},
        {"\x16\x03", MdtProtocol::tls},       {"\x16\x04", MdtProtocol::unknown},
        {"\0"s, MdtProtocol::need_more},      {"\0\1"s, MdtProtocol::need_more},
        {"\0\1\0"s, MdtProtocol::framed},     {"\0\2\0"s, MdtProtocol::framed},
        {"\0\3"s, MdtProtocol::unknown},      {"\0\1\1"s, MdtProtocol::unknown},
        {"\0\0\0"s, MdtProtocol::need_more},  {"\0\0\0\1"s, MdtProtocol::framed},
        {"\0\0\0\4"s, MdtProtocol::framed},   {"\0\0\0\5"s, MdtProtocol::unknown},
        {"{\"node", MdtProtocol::unknown},
    };

    for (const auto& one : cases) {
        EXPECT_EQ(recognise_mdt(one.bytes), one.protocol) << show_first_bytes(one.bytes);
    }
    // More bytes never change a verdict, and four always suffice.
    for (unsigned i = 0; i < 1U << 16; ++i) {
        const std::string two{static_cast<char>(i >> 8), static_cast<char>(i)};
        const MdtProtocol verdict = recognise_mdt(two);
        for (const std::string& rest : {"\0\0"s, "\0\1"s, "I "s, "zz"s}) {
            const MdtProtocol whole = recognise_mdt(two + rest);
            EXPECT_NE(whole, MdtProtocol::need_more);
            EXPECT_TRUE(verdict == MdtProtocol::need_more || verdict == whole);
        }
    }
}

TEST(MdtInflate, TellsCompressedMessagesFromOthers) {
    EXPECT_FALSE(MdtInflater::is_compressed(""));
    EXPECT_FALSE(MdtInflater::is_compressed("\x1f"));
    EXPECT_FALSE(MdtInflater::is_compressed(mdt_args("x")));
    EXPECT_FALSE(MdtInflater::is_compressed("x{"));
    EXPECT_TRUE(MdtInflater::is_compressed("\x1f\x8b"));
    EXPECT_TRUE(MdtInflater::is_compressed("\x78\x9c"));
    MdtInflater inflater;
    EXPECT_EQ(inflater.inflate("\x78\x9c cut", 100), InflateVerdict::broken);
    EXPECT_EQ(inflater.inflate("\x1f\x8b", 100), InflateVerdict::broken);
}

}  // namespace
}  // namespace weir
