// Any bytes, read as a message and mapped: what is told of must be fit for Prometheus, and every
// leaf is a sample, a label, a disappearance, or skipped for a reason.
#include "core/labels.h"
#include "fuzz/record_checks.h"
#include "parsers/mdt_message.h"
#include "parsers/utf8.h"
#include "pipeline/telemetry_mapper.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace {

using namespace weir;

constexpr std::uint64_t seed = 7;
constexpr std::size_t labels_max = 12;
constexpr std::int64_t received_ms = 1'700'000'000'000;

class Checks final : public MetricSink {
  public:
    void sample(const MetricSample& sample) override {
        WEIR_ASSERT(sample.family != nullptr);
        WEIR_ASSERT(is_valid_label_name(sample.family->name));
        WEIR_ASSERT(sample.labels.size() < labels_max);
        WEIR_ASSERT(std::isfinite(sample.value));
        WEIR_ASSERT(sample.labels_hash == metric_labels_hash(sample.labels, seed));
        WEIR_ASSERT(sample.timestamp_ms <= received_ms + 300'000);
        WEIR_ASSERT(sample.timestamp_ms >= received_ms - 3'600'000);
        check(sample.labels);
    }

    void vanish(const MetricSelector& gone) override {
        WEIR_ASSERT(is_valid_label_name(gone.name));
        check(gone.labels);
    }

    void event(const TelemetryEvent& event) override {
        WEIR_ASSERT(is_valid_utf8(event.line));
        WEIR_ASSERT(event.line.find('\n') == std::string_view::npos);
        WEIR_ASSERT(event.line.size() <= 16 * 1024);
    }

    void skip(LeafSkip reason, std::uint64_t leaves) override {
        WEIR_ASSERT(static_cast<std::size_t>(reason) < leaf_skip_count && leaves > 0);
        skipped += leaves;
    }

    std::uint64_t skipped = 0;

  private:
    static void check(std::span<const MetricLabel> labels) {
        bool device = false;
        for (std::size_t at = 0; at < labels.size(); ++at) {
            WEIR_ASSERT(is_valid_label_name(labels[at].name));
            WEIR_ASSERT(!labels[at].name.starts_with("__"));
            WEIR_ASSERT(!labels[at].value.empty() && is_valid_utf8(labels[at].value));
            WEIR_ASSERT(at == 0 || labels[at - 1].name < labels[at].name);
            device = device || labels[at] == MetricLabel{"device", "r1"};
        }
        WEIR_ASSERT(device);
    }
};

class Mapper final : public TelemetryReader {
  public:
    explicit Mapper(TelemetryMapper& mapper) : mapper_(mapper) {}

    void begin(const TelemetryHeader& header) override { header_ = header; }

    void row(const TelemetryRow& row) override {
        constexpr MetricLabel labels[] = {{"device", "r1"}, {"site", "east"}};
        const std::uint64_t before = mapper_.counts().mapped;
        Checks checks;
        mapper_.map(header_, row, {.labels = labels, .received_ms = received_ms}, checks);
        const auto leaves = static_cast<std::uint64_t>(
            std::count_if(row.content.begin(), row.content.end(),
                          [](const TelemetryNode& node) { return node.size == 1; }));
        WEIR_ASSERT(mapper_.counts().mapped - before + checks.skipped == leaves);
        seen_ += leaves;
        WEIR_ASSERT(mapper_.counts().leaves - first_ == seen_);
    }

    void defect(TelemetryDefect /*defect*/, std::uint64_t /*count*/) override {}

  private:
    TelemetryMapper& mapper_;
    TelemetryHeader header_;
    std::uint64_t seen_ = 0;
    const std::uint64_t first_ = mapper_.counts().leaves;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = weir::fuzz::as_text(data, size);
    static weir::MdtScratch scratch;
    weir::MetricFamilies families;
    auto mapping = std::make_shared<weir::TelemetryMapping>();
    mapping->labels_max = labels_max;
    weir::TelemetryMapper telemetry(families, mapping, seed);
    // Twice: what is known already must be mapped as well as what is new.
    for (int round = 0; round < 2; ++round) {
        Mapper mapper(telemetry);
        weir::read_mdt(bytes, weir::MdtBody::any, {}, scratch, mapper);
    }
    return 0;
}
