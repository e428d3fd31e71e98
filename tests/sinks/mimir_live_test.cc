// Against a real Mimir with its default limits, where one is named:
//
//     WEIR_TEST_MIMIR_URL=http://127.0.0.1:9009/api/v1/push weir_sinks_test --gtest_filter='*Live*'
//
// What is stored is asked by the end-to-end tests; here it is what the server answers.
#include "tests/sinks/mimir_harness.h"

#include <cstdlib>

namespace weir::test {
namespace {

class MimirLive : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        url_ = std::getenv("WEIR_TEST_MIMIR_URL");
        harness_.options.version_2 = GetParam();
        prefix_ = "live_" + std::to_string(harness_.now_ms()) + "_";
    }

    [[nodiscard]] std::vector<std::string> names(std::size_t count) const {
        std::vector<std::string> made;
        for (const std::string& name : names_up_to(count)) {
            made.push_back(prefix_ + name);
        }
        return made;
    }

    std::string url_;
    std::string prefix_;
    MimirHarness harness_;
};

TEST_P(MimirLive, TakesSamplesAndMetadata) {
    const std::int64_t now = harness_.now_ms();
    for (int i = 0; i < 5; ++i) {
        MadeRequest made(names(200), now + i, i);
        made.get().metadata.push_back({1, made.get().series[0].name(), "a counter", "bytes"});
        harness_.append(made.get());
    }
    harness_.start(url_);
    ASSERT_TRUE(harness_.settled());
    EXPECT_EQ(harness_.cursor.ledger().delivered, 1000U);
    EXPECT_EQ(harness_.endpoint->status().last_error, "");
}

TEST_P(MimirLive, FindsTheSamplesThatAreOutOfOrder) {
    const std::int64_t now = harness_.now_ms();
    const std::vector<std::string> all = names(100);
    harness_.append(MadeRequest({all[7], all[77]}, now).get());
    harness_.append(MadeRequest(all, now - 1000).get());
    harness_.start(url_);
    ASSERT_TRUE(harness_.settled());
    EXPECT_EQ(harness_.cursor.ledger().delivered, 100U);
    EXPECT_EQ(harness_.dropped("out_of_order"), 2U) << harness_.endpoint->status().last_error;
    RecordProperty("words", harness_.endpoint->status().last_error);
}

TEST_P(MimirLive, TakesTheSameTwiceAndRefusesAnotherValue) {
    const std::int64_t now = harness_.now_ms();
    harness_.append(MadeRequest(names(10), now, 1).get());
    harness_.append(MadeRequest(names(10), now, 1).get());
    harness_.append(MadeRequest({names(10)[3]}, now, 2).get());
    harness_.start(url_);
    ASSERT_TRUE(harness_.settled());
    EXPECT_EQ(harness_.cursor.ledger().delivered, 20U);
    EXPECT_EQ(harness_.dropped("duplicate_timestamp"), 1U)
        << harness_.endpoint->status().last_error;
}

TEST_P(MimirLive, KnowsTheOtherRefusals) {
    const std::int64_t now = harness_.now_ms();
    harness_.append(MadeRequest(names(4), now + 3'600'000).get());
    const std::string value(3000, 'x');
    MadeRequest made(names(10), now);
    made.get().series[5].labels.push_back({"long", value});
    harness_.append(made.get());
    harness_.start(url_);
    ASSERT_TRUE(harness_.settled());
    EXPECT_EQ(harness_.dropped("timestamp_too_new"), 4U);
    EXPECT_EQ(harness_.dropped("label_value_too_long"), 1U)
        << harness_.endpoint->status().last_error;
    EXPECT_EQ(harness_.cursor.ledger().delivered, 9U);
}

// No tests at all where no server is named: the end-to-end tests name one.
std::vector<bool> versions() {
    return std::getenv("WEIR_TEST_MIMIR_URL") != nullptr ? std::vector<bool>{false, true}
                                                         : std::vector<bool>{};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MimirLive);
INSTANTIATE_TEST_SUITE_P(RemoteWrite, MimirLive, testing::ValuesIn(versions()),
                         [](const auto& version) {
                             return version.param ? "Version2" : "Version1";
                         });

}  // namespace
}  // namespace weir::test
