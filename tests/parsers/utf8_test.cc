#include "parsers/utf8.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Utf8Case {
    std::string_view text;
    std::string_view repaired;
};

// "\xEF\xBF\xBD" is U+FFFD. The second to last is table 3-8 of the Unicode standard.
constexpr Utf8Case cases[] = {
    {"plain", "plain"},
    {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
    {"a\xFFz", "a\xEF\xBF\xBDz"},
    {"latin1 \xE4\xF6", "latin1 \xEF\xBF\xBD\xEF\xBF\xBD"},
    {"cut \xE2\x82", "cut \xEF\xBF\xBD"},
    {"cut \xF0\x9F\x98", "cut \xEF\xBF\xBD"},
    {"\x80", "\xEF\xBF\xBD"},
    {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41",
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41"},
    {"\xEF\xBB\xBF", "\xEF\xBB\xBF"},
};

TEST(Utf8, ReplacesMaximalSubparts) {
    for (const Utf8Case& c : cases) {
        std::string out;
        append_valid_utf8(c.text, out);
        EXPECT_EQ(out, c.repaired);
        EXPECT_EQ(is_valid_utf8(c.text), c.text == c.repaired);
        EXPECT_TRUE(is_valid_utf8(out));
    }
}

TEST(Utf8, KeepsNulAndWhatIsThere) {
    const std::string_view text("a\0b", 3);
    EXPECT_TRUE(is_valid_utf8(text));
    std::string out = "kept ";
    append_valid_utf8(text, out);
    EXPECT_EQ(out, std::string("kept a\0b", 8));
    EXPECT_TRUE(is_valid_utf8(""));
}

}  // namespace
}  // namespace weir
