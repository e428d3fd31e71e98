#include "parsers/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

// "frame|defects|octet" of every frame, the stream fed in reads of `read_bytes`.
std::vector<std::string> frames_of(std::string_view stream, Framer::Options options,
                                   std::size_t read_bytes) {
    std::vector<std::string> frames;
    Framer framer(options);
    const std::size_t capacity = Framer::buffer_bytes_needed(options.message_bytes_max);
    std::string buffer;
    std::size_t fed = 0;
    while (true) {
        const bool end = fed == stream.size();
        const FramingStep step = framer.next(buffer, end);
        if (step.has_frame) {
            std::string text(step.frame);
            text += step.octet_counted ? "|octet" : "";
            text += step.defects.empty() ? "" : "|" + step.defects.to_string();
            frames.push_back(text);
        }
        if (step.dropped) {
            EXPECT_FALSE(step.has_frame);
            frames.push_back("dropped|" + step.defects.to_string());
        }
        buffer.erase(0, step.consumed);
        if (step.consumed > 0) {
            continue;
        }
        EXPECT_LT(buffer.size(), capacity) << "asks for more with a full buffer";
        if (end || buffer.size() >= capacity) {
            break;
        }
        const std::size_t size =
            std::min({read_bytes, stream.size() - fed, capacity - buffer.size()});
        buffer.append(stream.substr(fed, size));
        fed += size;
    }
    EXPECT_TRUE(buffer.empty());
    return frames;
}

using Frames = std::vector<std::string>;

struct FramingCase {
    std::string_view name;
    std::string stream;
    Framer::Options options;
    Frames frames;
};

using namespace std::string_literals;

std::vector<FramingCase> plain_cases() {
    const Framer::Options automatic{.message_bytes_max = 40};
    return {
        {"LF", "<13>a\n<14>b\n", automatic, {"<13>a", "<14>b"}},
        {"CRLF", "<13>a\r\n<14>b\r\n", automatic, {"<13>a", "<14>b"}},
        {"NUL", "<13>a\0<14>b\0"s, automatic, {"<13>a", "<14>b"}},
        {"LF and NUL together", "<13>a\n\0<14>b\n\0"s, automatic, {"<13>a", "<14>b"}},
        {"empty lines", "\n\r\n<13>a\n\n\n<14>b\n", automatic, {"<13>a", "<14>b"}},
        {"last line without LF", "<13>a\n<14>b", automatic, {"<13>a", "<14>b|unterminated_frame"}},
        {"counted", "5 <13>a6 <13>ab", automatic, {"<13>a|octet", "<13>ab|octet"}},
        {"counted, LF not counted (IOS XE)",
         "5 <13>a\n6 <13>ab\n",
         automatic,
         {"<13>a|octet", "<13>ab|octet"}},
        {"counted, LF counted (OpenBSD)",
         "6 <13>a\n7 <13>ab\n",
         automatic,
         {"<13>a|octet", "<13>ab|octet"}},
        {"both on one connection",
         "5 <13>a<14>b\n5 <15>c",
         automatic,
         {"<13>a|octet", "<14>b", "<15>c|octet"}},
        {"LF inside a counted message",
         "13 <13>line\nmore5 <14>b",
         automatic,
         {"<13>line\nmore|octet", "<14>b|octet"}},
    };
}

// Counts that are none, or that the following bytes contradict.
std::vector<FramingCase> count_cases() {
    const Framer::Options automatic{.message_bytes_max = 40};
    return {
        {"a PRI inside a counted message whose count is right",
         "14 <13>line\n<9>xy5 <14>b",
         automatic,
         {"<13>line\n<9>xy|octet", "<14>b|octet"}},
        {"an ISO date is no count",
         "2024-07-12T08:25:47 host x\n",
         automatic,
         {"2024-07-12T08:25:47 host x"}},
        {"a number without PRI is no count",
         "12 monkeys\n<13>a\n",
         automatic,
         {"12 monkeys", "<13>a"}},
        {"a count of eight digits is text",
         "12345678 <13>a\n<14>b\n",
         automatic,
         {"12345678 <13>a", "<14>b"}},
        {"count with a leading zero is text", "05 <13>a\n", automatic, {"05 <13>a"}},
        {"count too small for a PRI",
         "1 <23>4\n<13>a\n",
         automatic,
         {"1 <23>4|bad_octet_count", "<13>a"}},
        {"count too small",
         "5 <13>abc\n<14>b\n",
         automatic,
         {"<13>a|octet", "bc|bad_octet_count", "<14>b"}},
        {"count too large",
         "30 <13>a\n<14>b\n<15>c\n<16>defghijklmnop\n",
         automatic,
         {"<13>a|octet|bad_octet_count", "<14>b", "<15>c", "<16>defghijklmnop"}},
        {"count far too large, end of stream",
         "39 <13>a\n<14>b\n",
         automatic,
         {"<13>a|octet|bad_octet_count", "<14>b"}},
        {"corrupt huge count",
         "9999999 <13>a\n<14>b\n",
         automatic,
         {"<13>a|octet|bad_octet_count", "<14>b"}},
        {"counted, session ends early",
         "30 <13>abc",
         automatic,
         {"<13>abc|octet|unterminated_frame"}},
        {"count cut off at the end", "30", automatic, {"30|unterminated_frame"}},
    };
}

std::vector<FramingCase> limit_and_mode_cases() {
    const Framer::Options dropping{.message_bytes_max = 10, .oversize = Oversize::drop};
    const Framer::Options cutting{.message_bytes_max = 10};
    const Framer::Options octet{.message_bytes_max = 40, .mode = FramingMode::octet};
    const Framer::Options nul{.message_bytes_max = 40, .mode = FramingMode::nul};
    const Framer::Options lf{.message_bytes_max = 40, .mode = FramingMode::lf};
    return {
        {"oversize LF, cut",
         "<13>abcdefghijk\n<14>b\n",
         cutting,
         {"<13>abcdef|truncated", "<14>b"}},
        {"exactly the limit, CRLF", "<13>abcdef\r\n<14>b\n", cutting, {"<13>abcdef", "<14>b"}},
        {"one over the limit", "<13>abcdefg\n<14>b\n", cutting, {"<13>abcdef|truncated", "<14>b"}},
        {"oversize LF, dropped",
         "<13>abcdefghijk\n<14>b\n",
         dropping,
         {"dropped|oversize_dropped", "<14>b"}},
        {"oversize counted, cut",
         "15 <13>abcdefghijk5 <14>b",
         cutting,
         {"<13>abcdef|octet|truncated", "<14>b|octet"}},
        {"oversize counted, dropped",
         "15 <13>abcdefghijk5 <14>b",
         dropping,
         {"dropped|oversize_dropped", "<14>b|octet"}},
        {"pinned octet counts need no PRI", "5 hello3 abc", octet, {"hello|octet", "abc|octet"}},
        {"pinned octet, no count",
         "hello\n5 <13>a",
         octet,
         {"hello|bad_octet_count", "<13>a|octet"}},
        {"pinned NUL keeps LF", "a\nb\0c\0"s, nul, {"a\nb", "c"}},
        {"pinned LF keeps NUL and counts", "5 <13>a\nb\0c\n"s, lf, {"5 <13>a", "b\0c"s}},
    };
}

TEST(Framing, GivesTheSameFramesHoweverTheStreamIsCut) {
    for (const std::vector<FramingCase>& table :
         {plain_cases(), count_cases(), limit_and_mode_cases()}) {
        for (const FramingCase& c : table) {
            for (std::size_t read_bytes = 1; read_bytes <= c.stream.size(); ++read_bytes) {
                EXPECT_EQ(frames_of(c.stream, c.options, read_bytes), c.frames)
                    << c.name << ", reads of " << read_bytes;
            }
        }
    }
}

TEST(Framing, OversizeLeavesNeighboursAlone) {
    const std::string huge(1000, 'x');
    const std::string stream =
        "<13>first\n<13>" + huge + "\n<14>b\n1004 <15>" + huge + "\n6 <16>cc<17>last\n";
    const Frames expected = {"<13>first",    "<13>" + huge.substr(0, 96) + "|truncated",
                             "<14>b",        "<15>" + huge.substr(0, 96) + "|octet|truncated",
                             "<16>cc|octet", "<17>last"};
    for (const std::size_t read_bytes : {1U, 7U, 100U, 5000U}) {
        EXPECT_EQ(frames_of(stream, {.message_bytes_max = 100}, read_bytes), expected);
    }
}

// A sender that trickles one long line must not make us search it again at each read: a million
// calls over a growing buffer would not end within the test's time.
TEST(Framing, SearchesAGrowingBufferOnce) {
    const std::size_t bytes = 1'000'000;
    const std::string line(bytes, 'x');
    Framer framer({.message_bytes_max = bytes});
    for (std::size_t size = 1; size < bytes; ++size) {
        ASSERT_EQ(framer.next({line.data(), size}, false).consumed, 0U);
    }
}

TEST(Framing, NewLimitsHoldForTheNextMessage) {
    Framer framer({.message_bytes_max = 100});
    EXPECT_TRUE(framer.next("<13>abcdef\n", false).has_frame);
    framer.set_options({.message_bytes_max = 6});
    const FramingStep step = framer.next("<13>abcdef\n", false);
    EXPECT_EQ(step.frame, "<13>ab");
    EXPECT_TRUE(step.defects.has(Defect::truncated));
}

}  // namespace
}  // namespace weir
