// What hostile or unlucky peers do to a TCP listener, and what it costs the others.
#include "receivers/session_buffer.h"
#include "tests/receivers/stream_fixture.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir {
namespace {

using Socket = boost::asio::ip::tcp::socket;

class StreamHostileTest : public StreamFixture {
  protected:
    // An address of its own for each number.
    static std::string address(int number) {
        return "127.7." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
    }
};

TEST_F(StreamHostileTest, APeerThatTricklesDoesNotKeepItsPlace) {
    open({.idle_timeout_ns = 10 * ns_per_s});
    Socket client = connect();
    send(client, "<1>whole\n");
    ASSERT_TRUE(run_until_frames(1));
    for (int second = 0; second < 15 && refused_in_all() == 0; ++second) {
        clock_.advance_ns(ns_per_s);
        boost::system::error_code gone;
        boost::asio::write(client, boost::asio::buffer("x", 1), gone);
        let_sweep();
    }
    EXPECT_EQ(refused(RefusalReason::idle_timeout), 1U);
    ASSERT_TRUE(run_until_sessions(0));
    // What had come is not lost.
    ASSERT_EQ(recorder_.frames.size(), 2U);
    EXPECT_TRUE(recorder_.frames[1].defects.has(Defect::unterminated_frame));
    EXPECT_NE(events_.details(EventId::session_refused).find("did not complete a message"),
              std::string::npos);
}

TEST_F(StreamHostileTest, ASlowSenderOfWholeMessagesStays) {
    open({.idle_timeout_ns = 10 * ns_per_s});
    Socket client = connect();
    ASSERT_TRUE(run_until_sessions(1));
    for (std::size_t round = 1; round <= 4; ++round) {
        clock_.advance_ns(9 * ns_per_s);
        send(client, "<1>first half, ");  // late, and still whole before its own time is over
        let_sweep();
        clock_.advance_ns(9 * ns_per_s);
        send(client, "second half\n");
        ASSERT_TRUE(run_until_frames(round)) << round;
    }
    EXPECT_EQ(refused_in_all(), 0U);
}

TEST_F(StreamHostileTest, EmptyLinesKeepNobodyAlive) {
    open({.idle_timeout_ns = 10 * ns_per_s});
    Socket client = connect();
    ASSERT_TRUE(run_until_sessions(1));
    for (int i = 0; i < 3; ++i) {
        clock_.advance_ns(4 * ns_per_s);
        boost::system::error_code gone;
        boost::asio::write(client, boost::asio::buffer("\n", 1), gone);
        let_sweep();
    }
    EXPECT_EQ(refused(RefusalReason::idle_timeout), 1U);
}

TEST_F(StreamHostileTest, OneSourceHasItsShareOfThePlaces) {
    open({.connections_per_source_max = 3});
    std::vector<Socket> held;
    for (int i = 0; i < 3; ++i) {
        held.push_back(connect("127.0.0.5"));
    }
    ASSERT_TRUE(run_until_sessions(3));
    Socket fourth = connect("127.0.0.5");
    ASSERT_TRUE(run_until_refused(RefusalReason::connections_per_source_max, 1));
    Socket other = connect("127.0.0.6");
    ASSERT_TRUE(run_until_sessions(4));
    let_sweep();
    EXPECT_EQ(recorder_.counters(0).source_sessions.value(), 3U);
    // A place comes back, and a raised limit holds for the next one.
    held.pop_back();
    ASSERT_TRUE(run_until_sessions(3));
    held.push_back(connect("127.0.0.5"));
    ASSERT_TRUE(run_until_sessions(4));
    listener_->set_limits({.connections_per_source_max = 4});
    held.push_back(connect("127.0.0.5"));
    EXPECT_TRUE(run_until_sessions(5));
    EXPECT_EQ(refused_in_all(), 1U);
}

TEST_F(StreamHostileTest, TheLongestIdleOfTheUnprovenMakesRoom) {
    shared_.connections.set_max(3);
    open();
    Socket proven = connect("127.0.0.2");
    send(proven, "<1>a\n");
    ASSERT_TRUE(run_until_frames(1));
    Socket first = connect("127.0.0.3");
    ASSERT_TRUE(run_until_sessions(2));
    Socket second = connect("127.0.0.4");
    ASSERT_TRUE(run_until_sessions(3));
    send(first, "<1>begun");  // so the second has been idle for longer
    let_sweep();
    Socket late = connect("127.0.0.5");
    ASSERT_TRUE(run_until_refused(RefusalReason::evicted, 1));
    EXPECT_NE(events_.details(EventId::session_refused).find("127.0.0.4: made room"),
              std::string::npos);
    send(late, "<1>b\n");
    send(first, " and done\n");
    send(proven, "<1>c\n");
    ASSERT_TRUE(run_until_frames(4));
    EXPECT_EQ(shared_.connections.open(), 3U);
    // All three have proven themselves now.
    Socket refused_one = connect("127.0.0.6");
    EXPECT_TRUE(run_until_refused(RefusalReason::connections_max, 1));
}

TEST_F(StreamHostileTest, AMessageThatWaitsInTheSocketCounts) {
    shared_.connections.set_max(1);
    open();
    Socket slow = connect("127.0.0.2");
    recorder_.pause = ns_per_s;  // the session is not read after its first bytes
    send(slow, "<1>be");
    ASSERT_TRUE(run_until([this] { return recorder_.counters(0).paused.value() == 1; }));
    send(slow, "gun and done\n");
    Socket late = connect("127.0.0.3");
    ASSERT_TRUE(run_until_refused(RefusalReason::connections_max, 1));
    EXPECT_EQ(recorder_.texts(), std::vector<std::string>{"<1>begun and done"});
    EXPECT_EQ(refused(RefusalReason::evicted), 0U);
    recorder_.pause = 0;
}

// Raises the soft limit; false when so many descriptors cannot be had.
bool have_descriptors(rlim_t wanted) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        limit.rlim_max = std::max(limit.rlim_max, wanted);  // taken only from root
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted;
}

TEST_F(StreamHostileTest, AThousandFirewallsGetInPastAbandonedConnections) {
    const int count = have_descriptors(4200) ? 1000 : 100;
    shared_.connections.set_max(static_cast<std::size_t>(count));
    open();
    std::vector<Socket> abandoned;
    for (int i = 0; i < count; ++i) {
        abandoned.push_back(connect(address(i)));
        io_.restart();
        io_.poll();
    }
    ASSERT_TRUE(run_until_sessions(static_cast<std::size_t>(count)));
    std::vector<Socket> firewalls;
    for (int i = 0; i < count; ++i) {
        firewalls.push_back(connect(address(1000 + i)));
        send(firewalls.back(), "<1>firewall " + std::to_string(i) + "\n");
        if (i % 500 == 499) {  // what the backlog holds comes at once
            io_.restart();
            io_.poll();
        }
    }
    EXPECT_TRUE(run_until_frames(static_cast<std::size_t>(count)));
    EXPECT_EQ(refused(RefusalReason::connections_max), 0U);
    EXPECT_EQ(refused(RefusalReason::evicted), static_cast<std::uint64_t>(count));
}

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total_pages = 0;
    std::size_t resident_pages = 0;
    file >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_tells = false;
#elif defined(__has_feature)
constexpr bool memory_tells = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool memory_tells = true;
#endif

// Resource. Another process that holds `count` connections to `port`, so that each process needs
// half of the descriptors, and what is measured here is weir's side alone.
class Abandoner {
  public:
    Abandoner(int count, std::uint16_t port, const std::function<std::string(int)>& address,
              const std::function<std::string(int)>& words) {
        EXPECT_EQ(pipe(hold_.data()), 0);
        child_ = fork();
        if (child_ != 0) {
            close(hold_[0]);
            return;
        }
        close(hold_[1]);
        for (int i = 0; i < count; ++i) {
            if (!open_one(port, address(i), words(i))) {
                _exit(1);
            }
        }
        char byte = 0;
        const ssize_t ended = read(hold_[0], &byte, 1);  // when the parent closes its end
        _exit(ended == 0 ? 0 : 1);
    }

    ~Abandoner() { end(); }

    Abandoner(const Abandoner&) = delete;
    Abandoner& operator=(const Abandoner&) = delete;

    // Closes all connections. False when not all could be opened.
    bool end() {
        int status = 0;
        if (child_ > 0) {
            close(hold_[1]);
            waitpid(child_, &status, 0);
            child_ = 0;
        }
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

  private:
    static bool open_one(std::uint16_t port, const std::string& from, const std::string& words) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in own{.sin_family = AF_INET};
        sockaddr_in peer{.sin_family = AF_INET, .sin_port = htons(port)};
        inet_pton(AF_INET, from.c_str(), &own.sin_addr);
        inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr);
        return bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
               connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0 &&
               write(fd, words.data(), words.size()) == static_cast<ssize_t>(words.size());
    }

    std::array<int, 2> hold_{};
    pid_t child_ = 0;
};

TEST_F(StreamHostileTest, TenThousandAbandonedConnectionsCostLittle) {
    const int count = have_descriptors(10'200) ? 10'000 : 400;
    shared_.connections.set_max(static_cast<std::size_t>(count));
    open();
    malloc_trim(0);  // what other tests left behind would be used again
    const std::size_t before = resident_bytes();
    // A third is silent, a third has sent a message, a third has begun one.
    const auto words = [](int i) {
        return std::string(i % 3 == 0 ? "\n" : i % 3 == 1 ? "<1>whole\n" : "<1>begun");
    };
    Abandoner abandoner(count, port_, address, words);
    ASSERT_TRUE(run_until_sessions(static_cast<std::size_t>(count)));
    ASSERT_TRUE(run_until_frames(static_cast<std::size_t>(count / 3)));
    EXPECT_EQ(shared_.session_bytes.used(), 0U) << "what is small needs no permit";
    const std::size_t each = (resident_bytes() - before) / static_cast<std::size_t>(count);
    RecordProperty("connections", count);
    RecordProperty("bytes_each", static_cast<int>(each));
    std::printf("%d connections, %zu bytes each\n", count, each);
    if (memory_tells) {
        EXPECT_LT(each, 8U * 1024);
    }
    EXPECT_TRUE(abandoner.end());
    EXPECT_TRUE(run_until_sessions(0));
}

TEST_F(StreamHostileTest, IncompleteMessagesShareOnePool) {
    shared_.session_bytes.set_max(64 * 1024);
    open({.message_bytes_max = 60'000});
    std::vector<Socket> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(connect(address(i)));
        send(clients.back(), "<1>" + std::string(30'000, static_cast<char>('a' + i)));
    }
    ASSERT_TRUE(
        run_until([this] { return recorder_.counters(0).session_bytes_refused.value() >= 6; }));
    EXPECT_LE(shared_.session_bytes.used(), 64U * 1024);
    // Who had no room was cut and says so; nobody was closed, and the rest of the line is skipped.
    ASSERT_GE(recorder_.frames.size(), 6U);
    for (const RecordedFrame& frame : recorder_.frames) {
        EXPECT_TRUE(frame.defects.has(Defect::truncated));
        EXPECT_GE(frame.bytes.size(), session_bytes_floor - 32);
    }
    for (Socket& client : clients) {
        send(client, "zzz\n<2>short\n");
    }
    ASSERT_TRUE(run_until([this] {
        const auto texts = recorder_.texts();
        return std::count(texts.begin(), texts.end(), "<2>short") == 8;
    }));
    EXPECT_EQ(recorder_.frames.size(), 16U);
    EXPECT_EQ(shared_.session_bytes.used(), 0U);
    EXPECT_EQ(shared_.connections.open(), 8U);
}

TEST_F(StreamHostileTest, WithoutRoomOversizeDropRejects) {
    shared_.session_bytes.set_max(1);
    open({.message_bytes_max = 60'000, .oversize = Oversize::drop});
    Socket counted = connect();
    send(counted, "30003 <1>" + std::string(20'000, 'x'));
    ASSERT_TRUE(run_until([this] { return recorder_.rejected.size() == 1; }));
    EXPECT_EQ(recorder_.rejected, std::vector{RejectReason::session_bytes});
    send(counted, std::string(10'000, 'x') + "8 <2>after");
    ASSERT_TRUE(run_until_frames(1));
    EXPECT_EQ(recorder_.texts(), std::vector<std::string>{"<2>after"});
}

TEST_F(StreamHostileTest, LongMessagesArriveWholeInAnyPieces) {
    open({.message_bytes_max = 300'000});
    const std::string line = "<1>" + std::string(250'000, 'x');
    const std::string stream = line + "\n250003 " + line + "<2>after\n";
    for (const std::size_t piece : {700U, 16'384U, 65'536U, 200'000U}) {
        recorder_.frames.clear();
        Socket client = connect();
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const std::string part = stream.substr(at, piece);
            boost::asio::write(client, boost::asio::buffer(part.data(), part.size()));
            io_.restart();
            io_.poll();
        }
        ASSERT_TRUE(run_until_frames(3)) << piece;
        EXPECT_EQ(recorder_.texts(), (std::vector<std::string>{line, line, "<2>after"})) << piece;
        client.close();
        ASSERT_TRUE(run_until_sessions(0));
        EXPECT_EQ(shared_.session_bytes.used(), 0U);
    }
}

TEST_F(StreamHostileTest, AResetInTheMiddleOfAMessageHurtsNobody) {
    open();
    Socket other = connect("127.0.0.2");
    Socket client = connect("127.0.0.3");
    send(client, "<1>whole\n<1>part");
    ASSERT_TRUE(run_until_frames(1));
    client.set_option(boost::asio::socket_base::linger(true, 0));
    client.close();
    ASSERT_TRUE(run_until_sessions(1));
    send(other, "<1>still here\n");
    ASSERT_TRUE(run_until_frames(3));
    EXPECT_TRUE(recorder_.frames[1].defects.has(Defect::unterminated_frame));
}

TEST_F(StreamHostileTest, AnswersAfterTheSenderHasEnded) {
    open();
    Socket client = connect();
    send(client, "<1>whole\n");
    client.shutdown(Socket::shutdown_send);
    ASSERT_TRUE(run_until_frames(1));
    ASSERT_TRUE(run_until_sessions(0));
    boost::system::error_code error;
    char byte = 0;
    client.read_some(boost::asio::buffer(&byte, 1), error);
    EXPECT_EQ(error, boost::asio::error::eof);
    EXPECT_EQ(refused_in_all(), 0U);
}

}  // namespace
}  // namespace weir
