#include "pipeline/loki_encoder.h"

#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>

namespace weir {
namespace {

// Reads one EntryAdapter back with protozero's own reader.
struct Decoded {
    std::int64_t seconds = 0;
    std::int32_t nanos = 0;
    std::string line;
    std::vector<std::pair<std::string, std::string>> metadata;
};

Decoded decode_entry(const std::string& field) {
    protozero::pbf_reader outer(field);
    EXPECT_TRUE(outer.next(2));
    protozero::pbf_reader entry = outer.get_message();
    EXPECT_FALSE(outer.next());
    Decoded decoded;
    while (entry.next()) {
        if (entry.tag() == 1) {
            protozero::pbf_reader time = entry.get_message();
            while (time.next()) {
                if (time.tag() == 1) {
                    decoded.seconds = time.get_int64();
                } else {
                    decoded.nanos = time.get_int32();
                }
            }
        } else if (entry.tag() == 2) {
            decoded.line = entry.get_string();
        } else {
            protozero::pbf_reader pair = entry.get_message();
            std::pair<std::string, std::string> names;
            while (pair.next()) {
                std::string& half = pair.tag() == 1 ? names.first : names.second;
                half = pair.get_string();
            }
            decoded.metadata.push_back(names);
        }
    }
    return decoded;
}

TEST(LokiEncoder, EntryRoundTrips) {
    WireBuffer metadata;
    append_metadata_pair("hostname", "switch-1", metadata);
    append_metadata_pair("empty", "", metadata);
    append_metadata_pair("long", std::string(300, 'v'), metadata);
    for (const std::size_t length : {0UL, 1UL, 127UL, 128UL, 20'000UL}) {
        WireBuffer out;
        append_entry({1'700'000'000'123'456'789}, std::string(length, 'l'), metadata.view(), out);
        const Decoded decoded = decode_entry(std::string(out.view()));
        EXPECT_EQ(decoded.seconds, 1'700'000'000);
        EXPECT_EQ(decoded.nanos, 123'456'789);
        EXPECT_EQ(decoded.line, std::string(length, 'l'));
        ASSERT_EQ(decoded.metadata.size(), 2U);
        EXPECT_EQ(decoded.metadata[0],
                  (std::pair<std::string, std::string>{"hostname", "switch-1"}));
        EXPECT_EQ(decoded.metadata[1].second.size(), 300U);
    }
}

TEST(LokiEncoder, TimeBeforeTheEpochKeepsNanosPositive) {
    WireBuffer out;
    append_entry({-1}, "x", "", out);
    const Decoded decoded = decode_entry(std::string(out.view()));
    EXPECT_EQ(decoded.seconds, -1);
    EXPECT_EQ(decoded.nanos, 999'999'999);
}

}  // namespace
}  // namespace weir
