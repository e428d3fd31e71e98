#include "parsers/ise.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

IsePart read(std::string_view app_name, std::string_view msg) {
    Record record;
    record.app_name = app_name;
    record.msg = msg;
    return read_ise_part(record);
}

TEST(Ise, ReadsThePartHeader) {
    // ISE 3.1, third part of four; the text keeps its own leading blank.
    const IsePart part = read("CISE_Passed_Authentications", "0001939187 4 2  Response={x=1; },");
    ASSERT_TRUE(part.present);
    EXPECT_EQ(part.category, "CISE_Passed_Authentications");
    EXPECT_EQ(part.id, "0001939187");
    EXPECT_EQ(part.total, 4);
    EXPECT_EQ(part.index, 2);
    EXPECT_EQ(part.text, " Response={x=1; },");
}

TEST(Ise, ASinglePartIsAPart) {
    const IsePart part = read("CSCOacs_TACACS_Accounting", "0000000001 1 0 2023-10-24 x");
    ASSERT_TRUE(part.present);
    EXPECT_EQ(part.total, 1);
    EXPECT_EQ(part.text, "2023-10-24 x");
}

TEST(Ise, RefusesWhatDoesNotAddUp) {
    EXPECT_FALSE(read("sshd", "0001939187 4 2 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "WARN: RADIUS Authentication Request dropped").present);
    EXPECT_FALSE(read("CISE_Alarm", "0001939187 4 4 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "0001939187 0 0 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "0001939187 4 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "0001939187 70000 1 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "000193918700000000001 4 1 x").present);
    EXPECT_FALSE(read("CISE_Alarm", "0001939187 4 1").present);
    EXPECT_FALSE(read("CISE_Alarm", "").present);
}

}  // namespace
}  // namespace weir
