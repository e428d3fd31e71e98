#include "app/mdt_generator.h"

#include "parsers/mdt_message.h"
#include "tests/parsers/mdt_dump.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr MdtShape shapes[] = {MdtShape::xr,        MdtShape::xe,         MdtShape::nxos_dme,
                               MdtShape::nxos_show, MdtShape::nxos_event, MdtShape::openconfig};

// Counts, beside what a dump has.
class Leaves final : public TelemetryReader {
  public:
    void begin(const TelemetryHeader& header) override { dump.begin(header); }

    void row(const TelemetryRow& row) override {
        dump.row(row);
        for (const TelemetryNode& node : row.content) {
            leaves += node.kind != TelemetryKind::container ? 1U : 0U;
        }
    }

    void defect(TelemetryDefect defect, std::uint64_t count) override {
        dump.defect(defect, count);
    }

    TelemetryDump dump;
    std::uint64_t leaves = 0;
};

TEST(MdtGenerator, WhatItMakesIsReadWithoutADefect) {
    MdtScratch scratch;
    for (const MdtShape shape : shapes) {
        for (const TelemetryEncoding encoding :
             {TelemetryEncoding::kvgpb, TelemetryEncoding::json}) {
            const MdtGenerator generator({.shape = shape, .encoding = encoding, .interfaces = 3});
            std::string message;
            const MdtGenerated made = generator.generate(7, 2, 1'700'000'000'000, message);
            Leaves leaves;
            read_mdt(message, MdtBody::any, {}, scratch, leaves);
            EXPECT_EQ(leaves.dump.defects, std::vector<std::string>{}) << mdt_shape_name(shape);
            EXPECT_EQ(leaves.dump.rows.size(), made.rows) << mdt_shape_name(shape);
            EXPECT_EQ(leaves.leaves, made.leaves) << mdt_shape_name(shape);
            ASSERT_EQ(leaves.dump.headers.size(), 1U);
            EXPECT_NE(leaves.dump.headers[0].find("node=" + generator.node_name(7) + " "),
                      std::string::npos);
        }
    }
}

TEST(MdtGenerator, TheSameSeedGivesTheSameMessage) {
    for (const MdtShape shape : shapes) {
        std::string first;
        std::string second;
        static_cast<void>(MdtGenerator({.shape = shape}).generate(1, 2, 3, first));
        static_cast<void>(MdtGenerator({.shape = shape}).generate(1, 2, 3, second));
        EXPECT_EQ(first, second);
        static_cast<void>(MdtGenerator({.shape = shape, .seed = 2}).generate(1, 2, 3, second));
        if (shape != MdtShape::nxos_event) {  // which has few values to choose from
            EXPECT_NE(first, second);
        }
        static_cast<void>(MdtGenerator({.shape = shape}).generate(2, 2, 3, second));
        EXPECT_NE(first, second);
    }
}

// The first counter of the first row.
std::uint64_t first_counter(std::uint64_t round) {
    std::string message;
    const MdtGenerator generator({.shape = MdtShape::xr, .interfaces = 1});
    static_cast<void>(generator.generate(1, round, 1, message));
    MdtScratch scratch;
    TelemetryDump dump;
    read_mdt(message, MdtBody::any, {}, scratch, dump);
    const std::string mark = "packets-received=";
    const std::string& row = dump.rows.at(0);
    return std::stoull(row.substr(row.find(mark) + mark.size()));
}

TEST(MdtGenerator, CountersRise) {
    for (std::uint64_t round = 0; round < 50; ++round) {
        EXPECT_LT(first_counter(round), first_counter(round + 1));
    }
}

TEST(MdtGenerator, KnowsItsShapesByName) {
    for (const MdtShape shape : shapes) {
        EXPECT_EQ(mdt_shape_from_name(mdt_shape_name(shape)), shape);
    }
    EXPECT_EQ(mdt_shape_from_name("ios"), std::nullopt);
}

TEST(MdtWriter, WritesJsonAsIosXr) {
    std::string text;
    MdtJsonWriter writer({.node_id = "r\"1", .subscription = "s", .encoding_path = "p"}, text);
    writer.begin_row(5, true);
    writer.begin_list("keys", false);
    writer.begin_item();
    writer.text("k", "v");
    writer.end();
    writer.end();
    writer.begin_object("content");
    writer.begin_anonymous();
    writer.f64("a", 1.5);
    writer.i64("b", -1);
    writer.boolean("c", false);
    writer.end();
    writer.u32("d", 2);
    writer.end();
    writer.end();
    writer.begin_row(0, false);
    writer.end();
    writer.finish(9);
    EXPECT_EQ(text,
              R"({"node_id_str":"r\"1","subscription_id_str":"s","encoding_path":"p",)"
              R"("collection_id":"0","collection_start_time":"0","msg_timestamp":"0",)"
              R"("data_json":[{"timestamp":"5","delete":true,"keys":[{"k":"v"}],)"
              R"("content":{"a":1.5,"b":"-1","c":false,"d":2}},{}],"collection_end_time":"9"})");
}

}  // namespace
}  // namespace weir
