// In steady state a message of telemetry costs a handful of allocations and locks, however many
// leaves it has: no leaf costs any, from the bytes to the open batch.
#include "app/mdt_generator.h"
#include "pipeline/memory_log.h"
#include "receivers/mdt_intake.h"
#include "tests/steady_state/counting.h"
#include "tests/support/event_recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <tuple>

namespace weir {
namespace {

constexpr std::uint64_t per_message_max = 4;

using Form = std::tuple<MdtShape, TelemetryEncoding>;

class MdtIntakeSteadyTest : public ::testing::TestWithParam<Form> {
  protected:
    // A series has at most 32 samples waiting; then they leave.
    static constexpr std::uint64_t messages = 20;

    MdtIntakeSteadyTest() {
        IntakeSettings settings;
        settings.listeners.resize(1);
        settings.listeners[0].name = "mdt";
        settings.classifier = *Classifier::build({});
        settings.mdt.series_labels = {{"job", "weir"}};
        // No batch is closed but by finish().
        settings.mdt.series.batch_samples_max = 1'000'000;
        settings.mdt.series.batch_bytes_max = 1 << 30;
        settings.mdt.series.batch_age_max_ns = INT64_MAX;
        settings_ = std::make_unique<Snapshot<IntakeSettings>>(
            std::make_shared<const IntakeSettings>(settings));
        intake_ = std::make_unique<MdtIntake>(
            MdtIntake::Parts{*settings_, log_, logs_log_, ceiling_, clock_, events_, allowances_,
                             kept_ids_},
            MdtIntake::Options{.listeners_max = 1, .sources_max = 1024, .seed = 1});
    }

    // The next collection of the device.
    void make(std::uint32_t interfaces) {
        clock_.advance_ns(10 * ns_per_s);
        const auto [shape, encoding] = GetParam();
        const MdtGenerator generator(
            {.shape = shape, .encoding = encoding, .interfaces = interfaces});
        leaves_ =
            generator
                .generate(1, ++round_, static_cast<std::uint64_t>(clock_.now().unix_ns / ns_per_ms),
                          message_)
                .leaves;
    }

    void take() {
        intake_->frame_received(0, message_.size());
        intake_->take_message(
            {.bytes = message_, .peer = session_.peer, .received_at = clock_.now()}, MdtBody::any,
            session_, 0);
    }

    struct Cost {
        std::uint64_t allocations = 0;
        std::uint64_t locks = 0;
        std::uint64_t leaves = 0;
        std::uint64_t samples = 0;
    };

    // Of so many messages, once their series are known and the tables are as large as they get.
    Cost cost(std::uint32_t interfaces) {
        for (std::uint64_t i = 0; i < messages + 10; ++i) {
            make(interfaces);
            take();
        }
        intake_->finish();  // the memory stays for the next
        const std::uint64_t given = intake_->counts().series.given;
        Cost sum;
        for (std::uint64_t i = 0; i < messages; ++i) {
            make(interfaces);
            const std::uint64_t allocations = allocation_count();
            const std::uint64_t locks = lock_count();
            take();
            sum.allocations += allocation_count() - allocations;
            sum.locks += lock_count() - locks;
            sum.leaves += leaves_;
        }
        sum.samples = intake_->counts().series.given - given;
        return sum;
    }

    ManualClock clock_{{1'795'000'000 * ns_per_s}};
    EventRecorder events_;
    MemoryLog log_{events_};
    MemoryLog logs_log_{events_};
    StreamCeiling ceiling_{100};
    ListenerAllowances allowances_{1};
    std::atomic<std::uint64_t> kept_ids_{0};
    std::unique_ptr<Snapshot<IntakeSettings>> settings_;
    std::unique_ptr<MdtIntake> intake_;
    MdtSession session_{.id = 1, .peer = {.address = *IpAddress::parse("192.0.2.1")}};
    std::string message_;
    std::uint64_t leaves_ = 0;
    std::uint64_t round_ = 0;
};

TEST_P(MdtIntakeSteadyTest, ALeafCostsNoAllocationAndNoLock) {
    const Cost cost = this->cost(48);
    EXPECT_GT(cost.leaves, messages * 48 * 10);
    EXPECT_GT(cost.samples, messages * 48 * 4);
    EXPECT_LE(cost.allocations, messages * per_message_max);
    EXPECT_LE(cost.locks, messages * per_message_max);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, MdtIntakeSteadyTest,
    ::testing::Combine(::testing::Values(MdtShape::xr, MdtShape::xe, MdtShape::nxos_dme,
                                         MdtShape::nxos_show, MdtShape::openconfig),
                       ::testing::Values(TelemetryEncoding::kvgpb, TelemetryEncoding::json)),
    [](const ::testing::TestParamInfo<Form>& each) {
        std::string name(mdt_shape_name(std::get<0>(each.param)));
        name += std::get<1>(each.param) == TelemetryEncoding::kvgpb ? "_kvgpb" : "_json";
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    });

}  // namespace
}  // namespace weir
