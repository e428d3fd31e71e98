// PROXY headers in front of TCP and TLS connections.
#include "tests/receivers/stream_fixture.h"

namespace weir {
namespace {

using namespace std::string_literals;

const std::string version_1 = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 514\r\n";
const std::string version_2 =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\x00\x02\x07\xc6\x33\x64\x02\xdc\x04\x02\x02"s;
const std::string local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;

class StreamProxyTest : public StreamFixture {
  protected:
    void SetUp() override { recorder_.proxy = *Prefix::parse("127.0.0.9"); }

    Socket connect_proxy() { return connect("127.0.0.9"); }
};

TEST_F(StreamProxyTest, BothVersionsNameTheClient) {
    open();
    Socket first = connect_proxy();
    send(first, version_1 + "<1>one\n<2>two\n");
    ASSERT_TRUE(run_until_frames(2));
    Socket second = connect_proxy();
    send(second, version_2 + "<3>three\n");
    ASSERT_TRUE(run_until_frames(3));
    Socket third = connect_proxy();
    send(third, local + "<4>four\n");
    ASSERT_TRUE(run_until_frames(4));
    EXPECT_EQ(recorder_.texts(),
              (std::vector<std::string>{"<1>one", "<2>two", "<3>three", "<4>four"}));
    EXPECT_EQ(recorder_.frames[1].peer.address.to_string(), "192.0.2.1");
    EXPECT_EQ(recorder_.frames[1].peer.port, 56324);
    EXPECT_EQ(recorder_.frames[2].peer.address.to_string(), "192.0.2.7");
    EXPECT_EQ(recorder_.frames[3].peer.address.to_string(), "127.0.0.9");
    EXPECT_EQ(refused_in_all(), 0U);
}

TEST_F(StreamProxyTest, AHeaderMayComeByteByByte) {
    open();
    Socket client = connect_proxy();
    for (const char c : version_2 + "<1>x\n") {
        send(client, std::string(1, c));
        io_.restart();
        io_.poll();
    }
    ASSERT_TRUE(run_until_frames(1));
    EXPECT_EQ(recorder_.texts(), std::vector{"<1>x"s});
    EXPECT_EQ(recorder_.frames[0].peer.address.to_string(), "192.0.2.7");
}

TEST_F(StreamProxyTest, AProxyWithoutAWholeHeaderIsRefused) {
    open();
    Socket none = connect_proxy();
    send(none, "<1>bare line\n");
    ASSERT_TRUE(run_until_refused(RefusalReason::proxy_header, 1));
    Socket broken = connect_proxy();
    send(broken, "PROXY TCP4 192.0.2.1\r\n<1>x\n");
    ASSERT_TRUE(run_until_refused(RefusalReason::proxy_header, 2));
    Socket cut = connect_proxy();
    send(cut, version_2.substr(0, 20));
    cut.shutdown(Socket::shutdown_send);
    ASSERT_TRUE(run_until_refused(RefusalReason::proxy_header, 3));
    ASSERT_TRUE(run_until_sessions(0));
    EXPECT_TRUE(recorder_.frames.empty());
    const std::string details = events_.details(EventId::session_refused);
    EXPECT_NE(details.find("127.0.0.9: sent no PROXY header"), std::string::npos) << details;
    EXPECT_NE(details.find("malformed PROXY header"), std::string::npos) << details;
    EXPECT_NE(details.find("ended within its PROXY header"), std::string::npos) << details;
}

TEST_F(StreamProxyTest, AHealthCheckThatOnlyConnectsIsNoFault) {
    open();
    connect_proxy().close();
    ASSERT_TRUE(run_until([this] { return recorder_.counters(0).sessions_opened.value() == 1; }));
    ASSERT_TRUE(run_until_sessions(0));
    EXPECT_EQ(refused_in_all(), 0U);
}

TEST_F(StreamProxyTest, ASilentProxyHasTheHandshakeTimeout) {
    open({.handshake_timeout_ns = 10 * ns_per_s});
    Socket client = connect_proxy();
    ASSERT_TRUE(run_until_sessions(1));
    clock_.advance_ns(9 * ns_per_s);
    send(client, version_1.substr(0, 20));  // does not renew it
    let_sweep();
    EXPECT_EQ(shared_.connections.open(), 1U);
    clock_.advance_ns(2 * ns_per_s);
    EXPECT_TRUE(run_until_refused(RefusalReason::handshake_timeout, 1));
    EXPECT_TRUE(run_until_sessions(0));
}

TEST_F(StreamProxyTest, AForgedHeaderIsText) {
    open();
    Socket client = connect("127.0.0.8");
    send(client, version_1 + "<1>x\n");
    ASSERT_TRUE(run_until_frames(2));
    EXPECT_EQ(recorder_.texts()[0], version_1.substr(0, version_1.size() - 2));
    for (const RecordedFrame& frame : recorder_.frames) {
        EXPECT_EQ(frame.peer.address.to_string(), "127.0.0.8");
    }
}

TEST_F(StreamProxyTest, LimitsConcernTheClientNotTheProxy) {
    open({.connections_per_source_max = 1});
    Socket first = connect_proxy();
    send(first, version_1 + "<1>a\n");
    Socket second = connect_proxy();
    send(second, version_2 + "<1>b\n");
    ASSERT_TRUE(run_until_frames(2));
    Socket again = connect_proxy();
    send(again, version_1 + "<1>c\n");
    ASSERT_TRUE(run_until_refused(RefusalReason::connections_per_source_max, 1));
    EXPECT_NE(events_.details(EventId::session_refused).find("192.0.2.1: connections_per_source"),
              std::string::npos);
    recorder_.allowed = false;
    Socket stranger = connect_proxy();
    send(stranger, version_2 + "<1>d\n");
    ASSERT_TRUE(run_until_refused(RefusalReason::not_allowed, 1));
    EXPECT_EQ(recorder_.frames.size(), 2U);
}

class TlsProxyTest : public TlsStreamFixture {};

TEST_F(TlsProxyTest, TheHeaderStandsInFrontOfTheHandshake) {
    recorder_.proxy = *Prefix::parse("127.0.0.9");
    open_tls();
    Socket socket = connect("127.0.0.9");
    send(socket, version_2);
    Client client(std::move(socket));
    // The ClientHello follows before the server has read a byte.
    EXPECT_FALSE(client.step());
    ASSERT_TRUE(shake_hands(client));
    ASSERT_GT(client.write("<1>over TLS\n"), 0U);
    ASSERT_TRUE(run_until_frames(1));
    EXPECT_EQ(recorder_.frames[0].bytes, "<1>over TLS");
    EXPECT_EQ(recorder_.frames[0].peer.address.to_string(), "192.0.2.7");
    Client bare(connect("127.0.0.9"));
    bare.step();
    EXPECT_TRUE(run_until_refused(RefusalReason::proxy_header, 1));
}

}  // namespace
}  // namespace weir
