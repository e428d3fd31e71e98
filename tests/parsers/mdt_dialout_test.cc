#include "parsers/mdt_dialout.h"

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include <string>

namespace weir {
namespace {

using namespace std::string_literals;

TEST(MdtDialout, ReadsEveryField) {
    std::string bytes;
    protozero::pbf_writer writer(bytes);
    writer.add_int64(1, -7);
    writer.add_bytes(2, "data");
    writer.add_string(3, "no such path\xFF");
    writer.add_int32(4, 12'000'000);
    writer.add_string(9, "what a later release may add");
    MdtDialoutArgs args;
    ASSERT_TRUE(read_mdt_dialout(bytes, args));
    EXPECT_EQ(args.req_id, -7);
    EXPECT_EQ(args.data, "data");
    EXPECT_EQ(args.errors, "no such path\xFF");
    EXPECT_EQ(args.total_size, 12'000'000);
}

TEST(MdtDialout, TakesASizeThatIsNegative) {
    std::string bytes;
    protozero::pbf_writer(bytes).add_int32(4, -1);
    MdtDialoutArgs args;
    ASSERT_TRUE(read_mdt_dialout(bytes, args));
    EXPECT_EQ(args.total_size, -1);
}

TEST(MdtDialout, NothingIsAMessageWithoutData) {
    MdtDialoutArgs args{.req_id = 1, .data = "old"};
    EXPECT_TRUE(read_mdt_dialout("", args));
    EXPECT_EQ(args.req_id, 0);
    EXPECT_TRUE(args.data.empty());
}

TEST(MdtDialout, RefusesWhatIsNot) {
    MdtDialoutArgs args;
    const std::string cases[] = {
        "\x12\x05zz"s,        // cut off
        "\x10\x05"s,          // data as a number
        "\x22\x01x"s,         // totalSize as text
        "\x0F"s,              // a wire type that does not exist
        "\x08\xFF\xFF\xFF"s,  // a number without its end
        "GET / HTTP/1.1\r\n"s,
    };
    for (const std::string& bytes : cases) {
        EXPECT_FALSE(read_mdt_dialout(bytes, args)) << bytes;
    }
}

}  // namespace
}  // namespace weir
