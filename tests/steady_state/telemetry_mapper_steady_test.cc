// A leaf that was seen before costs no allocation and no lock, from the bytes of kvGPB to samples.
#include "parsers/mdt_message.h"
#include "pipeline/telemetry_mapper.h"
#include "tests/steady_state/counting.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace weir {
namespace {

class Ignore final : public MetricSink {
  public:
    void sample(const MetricSample& sample) override { samples += sample.labels.empty() ? 0U : 1U; }

    void vanish(const MetricSelector& /*gone*/) override {}

    void event(const TelemetryEvent& /*event*/) override {}

    void skip(LeafSkip /*reason*/, std::uint64_t /*leaves*/) override {}

    std::uint64_t samples = 0;
};

class Mapping final : public TelemetryReader {
  public:
    void begin(const TelemetryHeader& header) override { header_ = header; }

    void row(const TelemetryRow& row) override {
        constexpr MetricLabel labels[] = {{"device", "r1"}, {"job", "mdt"}};
        mapper_.map(header_, row, {.labels = labels, .received_ms = 1'795'000'000'000}, sink);
    }

    void defect(TelemetryDefect /*defect*/, std::uint64_t /*count*/) override {}

    Ignore sink;

  private:
    MetricFamilies families_;
    TelemetryMapper mapper_{families_, std::make_shared<const TelemetryMapping>(), 1};
    TelemetryHeader header_;
};

class TelemetryMapperSteadyTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TelemetryMapperSteadyTest, AKnownLeafCostsNoAllocationAndNoLock) {
    std::ifstream file(std::string(WEIR_SOURCE_DIR "/fuzz/corpus/telemetry_mapper/") + GetParam(),
                       std::ios::binary);
    const std::string message{std::istreambuf_iterator<char>(file), {}};
    MdtScratch scratch;
    Mapping mapping;
    for (int round = 0; round < 3; ++round) {
        read_mdt(message, MdtBody::gpb, {}, scratch, mapping);
    }
    const std::uint64_t samples = mapping.sink.samples;
    ASSERT_GT(samples, 0U);
    const std::uint64_t allocations_before = allocation_count();
    const std::uint64_t locks_before = lock_count();
    for (int round = 0; round < 3; ++round) {
        read_mdt(message, MdtBody::gpb, {}, scratch, mapping);
    }
    EXPECT_EQ(allocation_count() - allocations_before, 0U);
    EXPECT_EQ(lock_count() - locks_before, 0U);
    EXPECT_EQ(mapping.sink.samples, 2 * samples);
}

INSTANTIATE_TEST_SUITE_P(Messages, TelemetryMapperSteadyTest,
                         ::testing::Values("xr_kvgpb", "xe_kvgpb", "nxos_dme_kvgpb",
                                           "nxos_show_kvgpb", "openconfig_kvgpb"));

}  // namespace
}  // namespace weir
