#include "receivers/stream_listener.h"

#include "tests/receivers/recorder.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class StreamListenerTest : public ::testing::Test {
  protected:
    void open(StreamLimits limits = {}, std::size_t connections_max = 10) {
        Result<SocketGroup> group = open_socket_group(
            {.address = *IpAddress::parse("127.0.0.1"), .datagram = false, .sockets = 1});
        ASSERT_TRUE(group) << group.error().message;
        port_ = group->port;
        shared_.connections.set_max(connections_max);
        listener_ = std::make_unique<StreamListener>(
            io_, std::move(group->sockets[0]),
            StreamListener::Options{.name = "test", .ipv4 = true, .limits = limits}, shared_,
            recorder_, clock_, events_);
        listener_->start();
    }

    void TearDown() override {
        listener_->stop();
        io_.restart();
        io_.run_for(std::chrono::seconds(5));
        EXPECT_TRUE(io_.stopped()) << "a coroutine is still waiting after stop()";
    }

    tcp::socket connect() {
        tcp::socket socket(client_io_);
        socket.connect({asio::ip::address_v4::loopback(), port_});
        return socket;
    }

    // Runs the server until `done` or 5 seconds.
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(std::chrono::milliseconds(5));
        }
        return done();
    }

    bool run_until_frames(std::size_t count) {
        return run_until([this, count] { return recorder_.frames.size() >= count; });
    }

    asio::io_context io_;
    asio::io_context client_io_;
    SystemClock clock_;
    EventRecorder events_;
    FrameRecorder recorder_;
    StreamShared shared_;
    std::unique_ptr<StreamListener> listener_;
    std::uint16_t port_ = 0;
};

TEST_F(StreamListenerTest, APeerThatIsNotAllowedIsRefused) {
    recorder_.allowed = false;
    open();
    tcp::socket client = connect();
    const auto& refused = recorder_.counters(0).refused;
    const auto reason = static_cast<std::size_t>(RefusalReason::not_allowed);
    EXPECT_TRUE(run_until([&] { return refused[reason].value() == 1; }));
    EXPECT_EQ(shared_.connections.open(), 0U);
    EXPECT_EQ(recorder_.counters(0).sessions_opened.value(), 0U);
}

TEST_F(StreamListenerTest, OverItsRateAStreamIsNotReadAndLosesNothing) {
    recorder_.pause = ns_per_ms;
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<13>one\n")));
    ASSERT_TRUE(run_until_frames(1));
    EXPECT_TRUE(run_until([&] { return recorder_.counters(0).paused.value() == 1; }));
    asio::write(client, asio::buffer(std::string("<13>two\n")));
    const int runs = recorder_.runs;
    EXPECT_TRUE(run_until([&] { return recorder_.runs > runs + 5; }));  // asked again and again
    EXPECT_EQ(recorder_.frames.size(), 1U);
    recorder_.pause = 0;
    EXPECT_TRUE(run_until_frames(2));
}

TEST_F(StreamListenerTest, MixedFramingOnOneConnection) {
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<13>lf line\n9 <13>five!\n<13>crlf\r\n")));
    ASSERT_TRUE(run_until_frames(3));
    EXPECT_EQ(recorder_.texts(),
              (std::vector<std::string>{"<13>lf line", "<13>five!", "<13>crlf"}));
    EXPECT_TRUE(recorder_.frames[1].octet_counted);
    EXPECT_EQ(recorder_.frames[0].peer.address.to_string(), "127.0.0.1");
}

TEST_F(StreamListenerTest, ByteByByteGivesTheSameFrames) {
    open();
    tcp::socket client = connect();
    client.set_option(tcp::no_delay(true));
    for (const char c : std::string("<1>a\n5 <1>bc<2>d\n")) {
        asio::write(client, asio::buffer(&c, 1));
        io_.restart();
        io_.run_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(run_until_frames(3));
    EXPECT_EQ(recorder_.texts(), (std::vector<std::string>{"<1>a", "<1>bc", "<2>d"}));
}

TEST_F(StreamListenerTest, OversizeTakesNoNeighboursAndKeepsTheSession) {
    open({.message_bytes_max = 100});
    tcp::socket client = connect();
    asio::write(client,
                asio::buffer("<1>before\n<2>" + std::string(300'000, 'x') + "\n<3>after\n2000 <4>" +
                             std::string(1997, 'y') + "<5>last\n"));
    ASSERT_TRUE(run_until_frames(5));
    const auto texts = recorder_.texts();
    EXPECT_EQ(texts[0], "<1>before");
    EXPECT_EQ(texts[1], "<2>" + std::string(97, 'x'));
    EXPECT_TRUE(recorder_.frames[1].defects.has(Defect::truncated));
    EXPECT_EQ(texts[2], "<3>after");
    EXPECT_EQ(texts[3].size(), 100U);
    EXPECT_EQ(texts[4], "<5>last");
}

TEST_F(StreamListenerTest, OversizeDropIsCounted) {
    open({.message_bytes_max = 100, .oversize = Oversize::drop});
    tcp::socket client = connect();
    asio::write(client, asio::buffer("<2>" + std::string(500, 'x') + "\n<3>after\n"));
    ASSERT_TRUE(run_until_frames(1));
    EXPECT_EQ(recorder_.texts(), std::vector<std::string>{"<3>after"});
    EXPECT_EQ(recorder_.rejected, std::vector{RejectReason::oversize});
}

TEST_F(StreamListenerTest, LastLineWithoutLineEndIsKept) {
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<1>whole\n<2>part")));
    client.shutdown(tcp::socket::shutdown_send);
    ASSERT_TRUE(run_until_frames(2));
    EXPECT_EQ(recorder_.texts()[1], "<2>part");
    EXPECT_TRUE(recorder_.frames[1].defects.has(Defect::unterminated_frame));
}

TEST_F(StreamListenerTest, ConnectionsMaxHoldsAndGivesPlacesBack) {
    open({}, 2);
    tcp::socket first = connect();
    tcp::socket second = connect();
    // Sessions that have sent a message do not make room for others.
    asio::write(first, asio::buffer(std::string("<1>first\n")));
    asio::write(second, asio::buffer(std::string("<1>second\n")));
    ASSERT_TRUE(run_until_frames(2));
    ASSERT_EQ(shared_.connections.open(), 2U);
    tcp::socket third = connect();
    auto& refused =
        recorder_.counters(0).refused[static_cast<std::size_t>(RefusalReason::connections_max)];
    ASSERT_TRUE(run_until([&refused] { return refused.value() == 1; }));
    EXPECT_NE(events_.details(EventId::session_refused).find("connections_max of 2"),
              std::string::npos);
    boost::system::error_code error;
    char byte = 0;
    third.read_some(asio::buffer(&byte, 1), error);
    EXPECT_TRUE(error);

    first.close();
    ASSERT_TRUE(run_until([this] { return shared_.connections.open() == 1; }));
    tcp::socket fourth = connect();
    asio::write(fourth, asio::buffer(std::string("<1>x\n")));
    EXPECT_TRUE(run_until_frames(3));
}

TEST_F(StreamListenerTest, IdleSessionsEndAndBusyOnesStay) {
    open({.idle_timeout_ns = 400 * ns_per_ms});
    tcp::socket idle = connect();
    tcp::socket busy = connect();
    asio::write(idle, asio::buffer(std::string("<1>part")));
    ASSERT_TRUE(run_until([this] { return shared_.connections.open() == 2; }));
    auto& counters = recorder_.counters(0);
    for (int i = 0; i < 20 && shared_.connections.open() == 2; ++i) {
        asio::write(busy, asio::buffer(std::string("<2>x\n")));
        io_.restart();
        io_.run_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(counters.refused[static_cast<std::size_t>(RefusalReason::idle_timeout)].value(), 1U);
    EXPECT_EQ(shared_.connections.open(), 1U);
    // What the idle one had sent is delivered before it goes.
    const auto texts = recorder_.texts();
    EXPECT_NE(std::find(texts.begin(), texts.end(), "<1>part"), texts.end());
}

TEST_F(StreamListenerTest, StopDeliversWhatIsBuffered) {
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<1>a\n<2>unfinished")));
    ASSERT_TRUE(run_until_frames(1));
    listener_->stop_accepting();
    boost::system::error_code error;
    tcp::socket late(client_io_);
    late.connect({asio::ip::address_v4::loopback(), port_}, error);
    EXPECT_TRUE(error);
    listener_->stop();
    EXPECT_EQ(recorder_.texts(), (std::vector<std::string>{"<1>a", "<2>unfinished"}));
}

TEST_F(StreamListenerTest, AResetDoesNotHideTheSender) {
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<1>hidden?\n")));
    client.set_option(asio::socket_base::linger(true, 0));
    client.close();  // before the server has accepted
    run_until([this] { return recorder_.counters(0).sessions_opened.value() == 1; });
    run_until_frames(1);
    for (const RecordedFrame& frame : recorder_.frames) {
        EXPECT_EQ(frame.peer.address.to_string(), "127.0.0.1");
    }
}

TEST_F(StreamListenerTest, StopReadsWhatTheKernelHasAcknowledged) {
    open();
    tcp::socket client = connect();
    asio::write(client, asio::buffer(std::string("<1>first\n")));
    ASSERT_TRUE(run_until_frames(1));
    std::string burst;
    for (int i = 0; i < 5000; ++i) {
        burst += "<2>line " + std::to_string(i) + "\n";
    }
    asio::write(client, asio::buffer(burst));
    listener_->stop();  // nothing of the burst was read yet
    EXPECT_EQ(recorder_.frames.size(), 5001U);
    EXPECT_EQ(recorder_.frames.back().bytes, "<2>line 4999");
}

TEST_F(StreamListenerTest, ManyConnectionsOpenedAndAbandonedLeaveNothing) {
    open({}, 2000);
    for (int i = 0; i < 500; ++i) {
        tcp::socket client = connect();
        if (i % 2 == 0) {
            client.set_option(asio::socket_base::linger(true, 0));  // reset instead of FIN
        }
        client.close();
        io_.restart();
        io_.poll();
    }
    EXPECT_TRUE(run_until([this] {
        return recorder_.counters(0).sessions_opened.value() +
                       recorder_.counters(0).refused[0].value() >=
                   500 &&
               shared_.connections.open() == 0;
    }));
}

}  // namespace
}  // namespace weir
