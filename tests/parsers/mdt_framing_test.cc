#include "parsers/mdt_framing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

constexpr std::size_t limit = 64;

// What becomes of a stream that is read `read_bytes` at a time: "gpb:text", "json:text",
// "heartbeat", "oversize", "!error".
std::vector<std::string> read(std::string_view stream, std::size_t read_bytes) {
    std::vector<std::string> seen;
    MdtFramer framer(limit);
    std::string buffer;
    while (true) {
        const MdtFramingStep step = framer.next(buffer);
        if (step.error != MdtFramingError::none) {
            seen.push_back("!" + std::string(mdt_framing_error_name(step.error)));
            EXPECT_EQ(framer.next(buffer).error, step.error) << "an error is for good";
            return seen;
        }
        if (step.has_frame) {
            seen.push_back((step.body == MdtBody::json ? "json:" : "gpb:") +
                           std::string(step.frame));
        }
        if (step.heartbeat) {
            seen.emplace_back("heartbeat");
        }
        if (step.oversize) {
            seen.emplace_back("oversize");
        }
        buffer.erase(0, step.consumed);
        if (step.consumed > 0) {
            continue;
        }
        EXPECT_GT(step.needs, buffer.size());
        EXPECT_LE(step.needs, MdtFramer::buffer_bytes_needed(limit));
        if (stream.empty()) {
            if (!buffer.empty() || !framer.between_messages()) {
                seen.emplace_back("rest");
            }
            return seen;
        }
        const std::size_t size = std::min(read_bytes, stream.size());
        buffer.append(stream.substr(0, size));
        stream.remove_prefix(size);
    }
}

struct FramingCase {
    std::string_view name;
    std::string stream;
    std::vector<std::string> seen;
};

// Headers as devices sent them, with other lengths.
const std::string gpb = "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x00\x03"s;
const std::string json = "\x00\x01\x00\x02\x00\x01\x00\x00\x00\x00\x00\x02"s;
const std::string heartbeat = "\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;

std::vector<FramingCase> cases() {
    return {
        {"GPB and JSON", gpb + "abc" + json + "{}", {"gpb:abc", "json:{}"}},
        {"compact GPB, legacy kvGPB",
         "\x00\x01\x00\x03\x00\x01\x00\x00\x00\x00\x00\x01"s + "a" +
             "\x00\x01\x00\x04\x00\x01\x00\x00\x00\x00\x00\x01"s + "b",
         {"gpb:a", "gpb:b"}},
        {"heartbeats, with something in them or not",
         heartbeat + "\x00\x02\x00\x01\x00\x01\x00\x00\x00\x00\x00\x02zz"s + gpb + "abc",
         {"heartbeat", "heartbeat", "gpb:abc"}},
        {"an empty message", "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"s, {"gpb:"}},
        {"the header before version 1",
         "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02{}"s +
             "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"s +
             "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01x"s +
             "\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x01y"s,
         {"json:{}", "heartbeat", "gpb:x", "gpb:y"}},
        {"flags", "\x00\x01\x00\x01\x00\x01\x00\x01\x00\x00\x00\x01x"s, {"!flags"}},
        {"flags before version 1",
         "\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01x"s,
         {"!flags"}},
        {"an encapsulation that nobody knows",
         gpb + "abc" + "\x00\x01\x00\x05\x00\x01\x00\x00\x00\x00\x00\x01x"s,
         {"gpb:abc", "!encap"}},
        {"encapsulation 0", "\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01x"s, {"!encap"}},
        {"another version", "\x00\x01\x00\x01\x00\x02\x00\x00\x00\x00\x00\x01x"s, {"!bad_header"}},
        {"another protocol", "PRI * HTTP/2.0\r\n\r\n", {"!bad_header"}},
        {"out of step", gpb + "abcd" + gpb + "abc", {"gpb:abc", "!out_of_step"}},
        {"too long, and the next",
         "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x00\x41"s + std::string(65, 'x') + gpb + "abc",
         {"oversize", "gpb:abc"}},
        {"just not too long",
         "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x00\x40"s + std::string(64, 'x'),
         {"gpb:" + std::string(64, 'x')}},
        {"a length beyond all reason",
         "\x00\x01\x00\x01\x00\x01\x00\x00\x7F\x00\x00\x40"s,
         {"!length"}},
        {"cut off in a header", gpb + "abc" + gpb.substr(0, 5), {"gpb:abc", "rest"}},
        {"cut off in a message", gpb + "ab", {"rest"}},
        {"cut off in one that is too long",
         "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x00\x41xx"s,
         {"oversize", "rest"}},
    };
}

TEST(MdtFraming, GivesMessagesHoweverTheStreamIsCut) {
    for (const FramingCase& each : cases()) {
        for (const std::size_t read_bytes : {1U, 5U, 12U, 13U, 1000U}) {
            EXPECT_EQ(read(each.stream, read_bytes), each.seen) << each.name << ' ' << read_bytes;
        }
    }
}

// The first header of a capture from an ASR 9902: JSON of 444 bytes; and one that was sent to a
// port for gRPC.
TEST(MdtFraming, ReadsHeadersOfDevices) {
    MdtFramer framer(1 << 20);
    EXPECT_EQ(framer.next("\x00\x01\x00\x02\x00\x01\x00\x00\x00\x00\x01\xBC"s).needs, 12U + 444);
    MdtFramer other(1 << 20);
    EXPECT_EQ(other.next("\x00\x01\x00\x01\x00\x01\x00\x00\x00\x00\x03\x26\x0A\x10"s).needs,
              12U + 806);
}

TEST(MdtFraming, ReadsDatagramsWithAndWithoutTheHeader) {
    struct Case {
        std::string datagram;
        std::string message;
        MdtBody body;
        MdtFramingError error;
    };

    const Case datagrams[] = {
        {gpb + "abc", "abc", MdtBody::gpb, MdtFramingError::none},
        {json + "{}", "{}", MdtBody::json, MdtFramingError::none},
        {"\x0A\x02s1\x32\x07sys/cdp\x40\x02"s, "\x0A\x02s1\x32\x07sys/cdp\x40\x02"s, MdtBody::any,
         MdtFramingError::none},
        {"{}", "{}", MdtBody::any, MdtFramingError::none},
        {"", "", MdtBody::any, MdtFramingError::none},
        {gpb + "ab", "ab", MdtBody::gpb, MdtFramingError::length},
        {gpb + "abcd", "abc", MdtBody::gpb, MdtFramingError::none},
        {"\x00\x01\x00\x01\x00\x01\x00\x01\x00\x00\x00\x01x"s, "x", MdtBody::gpb,
         MdtFramingError::flags},
    };
    for (const Case& each : datagrams) {
        const MdtDatagram read = read_mdt_datagram(each.datagram);
        EXPECT_EQ(read.message, each.message);
        EXPECT_EQ(read.body, each.body);
        EXPECT_EQ(read.error, each.error);
    }
}

TEST(MdtFraming, NamesItsErrors) {
    EXPECT_EQ(mdt_framing_error_name(MdtFramingError::none), "none");
    EXPECT_EQ(mdt_framing_error_name(MdtFramingError::length), "length");
}

}  // namespace
}  // namespace weir
