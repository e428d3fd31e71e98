// How sessions learn that their sockets have something to read, with real sockets.
#include "receivers/ready_set.h"

#include "tests/receivers/stream_fixture.h"

namespace weir {
namespace {

class ReadySetTest : public StreamFixture {
  protected:
    bool is_pacing() { return listener_->ready_set().is_pacing(); }

    // Makes one burst of so many sessions that send one line each.
    std::vector<Socket> burst(std::size_t sessions) {
        std::vector<Socket> sockets;
        for (std::size_t i = 0; i < sessions; ++i) {
            sockets.push_back(connect());
        }
        EXPECT_TRUE(run_until_sessions(sessions));
        for (Socket& socket : sockets) {
            send(socket, "burst\n");
        }
        return sockets;
    }
};

TEST_F(ReadySetTest, SessionsOfABurstAreReadAtIntervalsUntilSilence) {
    open();
    std::vector<Socket> sockets = burst(20);
    EXPECT_TRUE(run_until([this] { return is_pacing(); }));
    EXPECT_TRUE(run_until_frames(20));
    EXPECT_TRUE(run_until([this] { return !is_pacing(); })) << "silence did not end it";
    send(sockets[3], "alone\n");
    EXPECT_TRUE(run_until_frames(21));
    EXPECT_FALSE(is_pacing());
}

TEST_F(ReadySetTest, WithoutCoalescingNothingWaits) {
    open({.coalesce_ns = 0});
    const std::vector<Socket> sockets = burst(20);
    EXPECT_TRUE(run_until([this] {
        EXPECT_FALSE(is_pacing());
        return recorder_.frames.size() == 20;
    }));
}

// One reading takes the bytes and tells nothing of the end behind them; no further event follows.
TEST_F(ReadySetTest, TheEndBehindTheLastBytesIsSeen) {
    for (const std::int64_t coalesce_ns : {std::int64_t{0}, 4 * ns_per_ms}) {
        if (listener_) {
            TearDown();
            recorder_.frames.clear();
        }
        open({.coalesce_ns = coalesce_ns});
        std::vector<Socket> sockets = burst(20);
        for (Socket& socket : sockets) {
            send(socket, "last, without an end of line");
            socket.shutdown(Socket::shutdown_send);
        }
        EXPECT_TRUE(run_until_frames(40));
        EXPECT_TRUE(run_until_sessions(0)) << shared_.connections.open() << " are still open";
    }
}

TEST_F(ReadySetTest, AResetBehindTheLastBytesIsSeen) {
    open();
    std::vector<Socket> sockets = burst(20);
    EXPECT_TRUE(run_until_frames(20));
    for (Socket& socket : sockets) {
        socket.set_option(boost::asio::socket_base::linger(true, 0));
        socket.close();
    }
    EXPECT_TRUE(run_until_sessions(0));
}

TEST_F(ReadySetTest, ASilentEndWakesNobodyElse) {
    open();
    std::vector<Socket> sockets = burst(2);
    EXPECT_TRUE(run_until_frames(2));
    sockets[0].close();
    EXPECT_TRUE(run_until_sessions(1));
    send(sockets[1], "still here\n");
    EXPECT_TRUE(run_until_frames(3));
}

}  // namespace
}  // namespace weir
