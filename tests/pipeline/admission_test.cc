#include "pipeline/admission.h"

#include "core/time.h"
#include "pipeline/classifier.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

class AdmissionTest : public ::testing::Test {
  protected:
    AdmissionTest() { admission_.set_now(100 * ns_per_s); }

    // How many of `count` messages at once were admitted; the last refusal is kept.
    int admitted(SourceAllowance& source, int count, bool relay = false) {
        int admitted = 0;
        for (int i = 0; i < count; ++i) {
            const AdmitVerdict verdict = admission_.admit(
                rules_, {.bytes = 100, .established = true, .relay = relay}, source);
            admitted += verdict == AdmitVerdict::admitted ? 1 : 0;
            refused_as_ = verdict == AdmitVerdict::admitted ? refused_as_ : verdict;
        }
        return admitted;
    }

    ListenerAllowances shared_{1};
    Admission admission_{shared_, 1};
    AdmissionRules rules_;
    AdmitVerdict refused_as_ = AdmitVerdict::admitted;
};

TEST_F(AdmissionTest, WithoutLimitsEverythingPasses) {
    SourceAllowance source;
    EXPECT_EQ(admitted(source, 100'000), 100'000);
}

TEST_F(AdmissionTest, OneSourceOverItsRateTakesNothingFromAnother) {
    rules_.source_rate = {.per_s = 10};
    rules_.rate = {.per_s = 1000};
    SourceAllowance loud;
    SourceAllowance quiet;
    EXPECT_EQ(admitted(loud, 5000), 10);
    EXPECT_EQ(refused_as_, AdmitVerdict::source_rate);
    EXPECT_EQ(admitted(quiet, 10), 10);
}

TEST_F(AdmissionTest, TheListenersRateBindsAllSourcesTogether) {
    rules_.rate = {.per_s = 1000};
    int all = 0;
    for (int i = 0; i < 50; ++i) {
        SourceAllowance source;
        all += admitted(source, 100);
    }
    EXPECT_EQ(all, 1000);
    EXPECT_EQ(refused_as_, AdmitVerdict::listener_rate);
    admission_.set_now(100 * ns_per_s + 500 * ns_per_ms);
    SourceAllowance source;
    EXPECT_EQ(admitted(source, 5000), 500);
}

TEST_F(AdmissionTest, AStreamLosesNothingAndIsToldToWait) {
    rules_.is_stream = true;
    rules_.source_rate = {.per_s = 100};
    SourceAllowance source;
    EXPECT_EQ(admitted(source, 100), 100);
    EXPECT_EQ(admission_.wait_ns(rules_, 0, &source), 10 * ns_per_ms);
    EXPECT_EQ(admitted(source, 100), 100);
    EXPECT_EQ(admission_.wait_ns(rules_, 0, &source), 1010 * ns_per_ms);
    EXPECT_EQ(admission_.wait_ns(rules_, 0, nullptr), 0);
    rules_.rate = {.per_s = 1000, .burst = 1};
    EXPECT_EQ(admitted(source, 1), 1);
    EXPECT_EQ(admission_.wait_ns(rules_, 0, nullptr), ns_per_ms);
}

TEST_F(AdmissionTest, ARelayIsNotLimitedAsOneSourceButItsDevicesAre) {
    rules_.source_rate = {.per_s = 10};
    SourceAllowance relay;
    EXPECT_EQ(admitted(relay, 1000, true), 1000);
    SourceAllowance device;
    int passed = 0;
    for (int i = 0; i < 100; ++i) {
        passed += admission_.admit_relayed(rules_, {.bytes = 100}, device) == AdmitVerdict::admitted
                      ? 1
                      : 0;
    }
    EXPECT_EQ(passed, 10);
}

TEST_F(AdmissionTest, AllowedSourcesAreAsked) {
    const IpAddress inside = *IpAddress::parse("10.1.2.3");
    const IpAddress outside = *IpAddress::parse("10.2.2.3");
    EXPECT_TRUE(Admission::is_allowed(rules_, outside));
    ClassifierInput input;
    input.classes.emplace_back();
    input.sources.push_back({*Prefix::parse("10.1.0.0/16"), 0});
    rules_.allowed_sources = *Classifier::build(std::move(input));
    EXPECT_TRUE(Admission::is_allowed(rules_, inside));
    EXPECT_FALSE(Admission::is_allowed(rules_, outside));
}

}  // namespace
}  // namespace weir
