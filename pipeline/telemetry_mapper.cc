#include "pipeline/telemetry_mapper.h"

#include "pipeline/telemetry_walk.h"

#include <utility>

namespace weir {

class TelemetryMapper::Impl : public TelemetryWalk {
  public:
    using TelemetryWalk::TelemetryWalk;
};

TelemetryMapper::TelemetryMapper(MetricFamilies& families,
                                 std::shared_ptr<const TelemetryMapping> mapping,
                                 std::uint64_t seed)
    : impl_(std::make_unique<Impl>(families, seed)) {
    impl_->use(std::move(mapping));
}

TelemetryMapper::~TelemetryMapper() = default;

void TelemetryMapper::use(std::shared_ptr<const TelemetryMapping> mapping) {
    impl_->use(std::move(mapping));
}

void TelemetryMapper::map(const TelemetryHeader& header, const TelemetryRow& row,
                          const TelemetrySource& source, MetricSink& sink) {
    impl_->map(header, row, source, sink);
}

const TelemetryMapperCounts& TelemetryMapper::counts() const {
    return impl_->counts();
}

std::vector<TelemetrySkippedPath> TelemetryMapper::skipped_paths() const {
    return impl_->skipped_paths();
}

std::size_t TelemetryMapper::memory_bytes() const {
    return impl_->memory_bytes();
}

}  // namespace weir
