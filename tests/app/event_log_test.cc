// The event log never makes anybody wait, loses lines openly, and writes nothing that could change
// the terminal it is read on.
#include "app/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

// Resource. A pipe of one page, which is full soon when nobody reads.
class SmallPipe {
  public:
    SmallPipe() {
        std::signal(SIGPIPE, SIG_IGN);  // as weir does
        int ends[2];
        if (::pipe(ends) != 0) {
            throw std::runtime_error("pipe failed");
        }
        read_end_ = ends[0];
        write_end_ = ends[1];
        ::fcntl(write_end_, F_SETPIPE_SZ, 4096);
    }

    // The write end stays open: the log's thread may still be writing to it.
    ~SmallPipe() { close_read_end(); }

    SmallPipe(const SmallPipe&) = delete;
    SmallPipe& operator=(const SmallPipe&) = delete;

    [[nodiscard]] int write_end() const { return write_end_; }

    void close_read_end() {
        if (read_end_ >= 0) {
            ::close(read_end_);
            read_end_ = -1;
        }
    }

    // Reads until the line with `last` in it has come as a whole.
    std::string read_until(const std::string& last) const {
        std::string text;
        char bytes[512];
        while (text.find(last) == std::string::npos || text.back() != '\n') {
            const ssize_t count = ::read(read_end_, bytes, sizeof bytes);
            if (count <= 0) {
                break;
            }
            text.append(bytes, static_cast<std::size_t>(count));
        }
        return text;
    }

  private:
    int read_end_ = -1;
    int write_end_ = -1;
};

Timestamp some_time() {
    return {1'795'000'000 * ns_per_s};
}

TEST(EventLog, WritesOneLineForAnEvent) {
    const SmallPipe pipe;
    const ManualClock clock(some_time());
    EventLog log(clock, {.fd = pipe.write_end()});
    log.emit({EventId::listener_opened, "syslog-udp", "udp on :: port 5514"});
    log.emit({EventId::queue_full, "", "no subject"});
    EXPECT_EQ(pipe.read_until("no subject"),
              "2026-11-18T11:06:40.000Z info listener_opened syslog-udp: udp on :: port 5514\n"
              "2026-11-18T11:06:40.000Z error queue_full no subject\n");
    EXPECT_EQ(log.lines_lost(), 0U);
}

// The sum of the numbers that stand before `words`.
std::uint64_t numbers_before(const std::string& words, const std::string& text) {
    std::uint64_t sum = 0;
    for (std::size_t at = text.find(words); at != std::string::npos;
         at = text.find(words, at + 1)) {
        const std::size_t start = text.rfind('(', at) + 1;
        sum += std::stoull(text.substr(start, at - start));
    }
    return sum;
}

// If emit waited for the reader, this test would never end.
TEST(EventLog, NobodyWaitsForAPipeThatNobodyReads) {
    SmallPipe pipe;
    ManualClock clock(some_time());
    EventLog log(clock, {.fd = pipe.write_end(), .queue_bytes_max = 16 * 1024});
    for (int i = 0; i < 10'000; ++i) {
        clock.advance_ns(ns_per_s);  // so that the limit of lines for each event does not hold
        log.emit({EventId::session_refused, "in", std::string(100, 'x')});
    }
    EXPECT_GT(log.lines_lost(), 9'000U);
    EXPECT_EQ(log.counts().at("session_refused"), 10'000U);
    // `stopped` has a place in a full queue.
    log.emit({EventId::stopped, "", "the ledger"});
    const std::string text = pipe.read_until("the ledger");
    EXPECT_EQ(numbers_before(" lines before this one were lost)", text), log.lines_lost());
    const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_EQ(lines + log.lines_lost(), 10'001U);
}

TEST(EventLog, TheEndWaitsForAReaderButNotForever) {
    const ManualClock clock(some_time());
    const SmallPipe read;
    std::string text;
    {
        EventLog log(clock, {.fd = read.write_end(), .flush_timeout = 10min});
        for (int i = 0; i < 15; ++i) {
            log.emit({EventId::stopping, "", std::string(1000, 'x')});
        }
        log.emit({EventId::stopped, "", "the ledger"});
        std::thread reader([&] { text = read.read_until("the ledger"); });
        log.flush();
        reader.join();
    }
    EXPECT_NE(text.find("the ledger\n"), std::string::npos);
    const SmallPipe unread;
    EventLog log(clock, {.fd = unread.write_end(), .flush_timeout = 50ms});
    for (int i = 0; i < 15; ++i) {
        log.emit({EventId::stopping, "", std::string(1000, 'x')});
    }
    log.flush();  // and so does the destructor
}

TEST(EventLog, AClosedPipeCostsLinesOnly) {
    SmallPipe pipe;
    pipe.close_read_end();
    const ManualClock clock(some_time());
    EventLog log(clock, {.fd = pipe.write_end(), .flush_timeout = 10min});
    log.emit({EventId::started, "weir", "ok"});
    log.emit({EventId::stopped, "", "ok"});
    log.flush();
    EXPECT_EQ(log.lines_lost(), 2U);
}

TEST(EventLog, AFloodOfOneEventIsOneNumber) {
    const SmallPipe pipe;
    ManualClock clock(some_time());
    EventLog log(clock, {.fd = pipe.write_end()});
    for (int i = 0; i < 1000; ++i) {
        log.emit({EventId::tls_refused, "in", "x"});
    }
    clock.advance_ns(10 * ns_per_s);
    log.emit({EventId::tls_refused, "in", "last"});
    const std::string text = pipe.read_until("left out)");
    EXPECT_NE(text.find("last (980 more of this event were left out)"), std::string::npos) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 21);
}

TEST(EventText, NothingReachesTheTerminalButText) {
    EXPECT_EQ(printable("plain, ünïcödé, 日本, 🙂"), "plain, ünïcödé, 日本, 🙂");
    EXPECT_EQ(printable("a\nb\x1b[2Jc\x7f"), "a\\x0ab\\x1b[2Jc\\x7f");
    EXPECT_EQ(printable("C:\\x"), "C:\\\\x");
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u009b31m");                       // CSI as C1
    EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");  // the first behind C1
    EXPECT_EQ(printable("\x9b"
                        "31m \xff"),
              "\\x9b31m \\xff");                                           // not UTF-8
    EXPECT_EQ(printable("\xc3"), "\\xc3");                                 // cut
    EXPECT_EQ(printable("\xe2\x80\xaetxt.exe"), "\\u202etxt.exe");         // RLO
    EXPECT_EQ(printable("\xe2\x81\xa6x\xe2\x81\xa9"), "\\u2066x\\u2069");  // isolates
    EXPECT_EQ(printable("\xe2\x80\x8f\xd8\x9c"), "\\u200f\\u061c");        // marks
    EXPECT_EQ(printable("\xe2\x80\xa8x\xe2\x80\xa9"), "\\u2028x\\u2029");  // separators
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");      // over U+10FFFF
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");               // a surrogate
}

}  // namespace
}  // namespace weir
